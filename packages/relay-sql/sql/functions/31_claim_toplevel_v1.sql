-- Claims one event of a top-level channel and says what to send for it. One at a time in the whole cluster: while an event
-- of the channel is claimed, by whomever, no other is. The claim is a lease, as that of a handler's event.
create or replace function pgrelay.claim_toplevel_v1(p_slot smallint, p_epoch bigint, p_worker smallint, p_channel_id integer)
returns table (id bigint, attempt integer, priority smallint, enqueued_at timestamptz, dedup_key text, key text, statements text[], search_path text)
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
  perform from pgrelay.channel_turn t where t.channel_id = p_channel_id for update skip locked;
  if not found or exists (select from pgrelay.queue q where q.channel_id = p_channel_id and q.slot is not null) then
    return;
  end if;
  return query
    select e.id, e.attempt, e.priority, e.enqueued_at, e.dedup_key, e.key, c.statements, c.search_path
    from pgrelay.claim_v1(p_slot, p_epoch, p_worker, p_channel_id, 1) e
    join pgrelay.channel c on c.id = p_channel_id and c.kind = 'toplevel';
end $$;
