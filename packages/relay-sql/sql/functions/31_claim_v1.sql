-- Claims up to p_limit ready events of a handler channel for a Processor: marks the rows with its slot and epoch, which
-- every later write of the Processor must name. An event whose Processor was lost before is claimed alone, so that one
-- that kills its worker takes no innocents with it. A stale Processor (wrong epoch, declared dead) claims nothing.
-- A claim whose reply was lost is found again by reclaim_v1.
create or replace function pgrelay.claim_v1(p_slot smallint, p_epoch bigint, p_worker smallint, p_channel_id integer, p_limit integer)
returns table (id bigint, payload text, attempt integer, priority smallint, enqueued_at timestamptz, dedup_key text)
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
  v_rows tid[];
  v_lost boolean[];
begin
  perform pgrelay.check_fence(p_slot, p_epoch);
  select array_agg(r.row), array_agg(r.lost > 0) into v_rows, v_lost from (
    select q.ctid as row, q.lost from pgrelay.queue q
    where q.channel_id = p_channel_id and q.slot is null
      and q.node = (select n.id from pgrelay.node n where n.is_this)
      and exists (select from pgrelay.channel c where c.id = p_channel_id and c.state = 'active')
    order by q.priority, q.place limit p_limit for update of q skip locked) r;
  if v_rows is null then
    return;
  end if;
  if true = any (v_lost) then
    v_rows := v_rows[1 : greatest(array_position(v_lost, true) - 1, 1)];
  end if;
  return query
    with u as (
      update pgrelay.queue q
        set slot = p_slot, epoch = p_epoch, worker = p_worker, attempt = q.attempt + 1, claimed_at = pgrelay.clock_now()
        where q.ctid = any (v_rows)
        returning q.*
    )
    select u.id, u.payload, u.attempt, u.priority, u.enqueued_at, u.dedup_key from u order by u.priority, u.place;
end $$;
