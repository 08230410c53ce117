-- Moves events whose time has come from delayed to queue, at most p_limit, and returns how many milliseconds remain to
-- the next one (0 when more are due now, null when none waits). Events of debounced channels collapse first (collapse_marks) and move when they
-- are let go. A row held by a producer or another mover is skipped, and so is one that
-- replication has brought (node 0): its own node moves it, and a second move would stop the subscription.
-- The planner settings hold the plan, as in claim_v1.
create or replace function pgrelay.promote_v1(p_limit integer) returns double precision
language plpgsql security definer set search_path = pg_catalog, pg_temp set enable_seqscan = off set enable_bitmapscan = off
as $$
declare
  v_now timestamptz := pgrelay.clock_now();
  v_next timestamptz;
  v_moved integer;
  v_debounced boolean;
  v_more boolean := false;
begin
  select exists (select from pgrelay.debounce) or exists (select from pgrelay.delayed d where d.first_at is not null)
    into v_debounced;
  if v_debounced then
    v_more := pgrelay.collapse_marks(v_now);
  end if;
  select d.run_at into v_next from pgrelay.delayed d order by d.run_at limit 1;
  if v_next is null then
    return null;
  elsif v_next <= v_now then
    with moved as (
      delete from pgrelay.delayed d where d.ctid = any (array(
        select x.ctid from pgrelay.delayed x where x.run_at <= v_now and x.first_at is null and x.node <> 0 order by x.run_at limit p_limit for update skip locked))
      returning d.*
    )
    insert into pgrelay.queue (id, channel_id, priority, node, enqueued_at, run_at, attempt, retried, lost, dedup_key, key, payload)
      select m.id, m.channel_id, m.priority, m.node, m.enqueued_at, m.run_at, m.attempt, m.retried, m.lost, m.dedup_key, m.key, m.payload
      from moved m order by m.run_at, m.id;
    get diagnostics v_moved = row_count;
    if v_moved = p_limit or v_more then
      return 0;
    end if;
    select d.run_at into v_next from pgrelay.delayed d where d.run_at > v_now order by d.run_at limit 1;
  end if;
  if not isfinite(v_next) then
    return null;
  end if;
  return greatest(extract(epoch from v_next - pgrelay.clock_now()) * 1000, 0);
end $$;
