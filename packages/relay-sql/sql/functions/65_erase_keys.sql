-- The part of erase() for a key: removes what is kept of it beside events: a dedup key whose window is open although its event has ended, and the
-- rest of a debounced one. Of events that wait or run both go with them.
create or replace function pgrelay.erase_keys(p_channel text, p_key text) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
  delete from pgrelay.dedup k where k.ctid = any (array(
    select x.ctid from pgrelay.dedup x join pgrelay.channel c on c.id = x.channel_id
    where x.key = p_key and (p_channel is null or c.name = p_channel)
      and not exists (select from pgrelay.queue q where q.id = x.event_id) and not exists (select from pgrelay.delayed d where d.id = x.event_id)
    for update of x skip locked));
  delete from pgrelay.debounce_key k where k.ctid = any (array(
    select x.ctid from pgrelay.debounce_key x join pgrelay.channel c on c.id = x.channel_id
    where x.key = x.channel_id || '=' || p_key and (p_channel is null or c.name = p_channel) and not pgrelay.runs_debounced(x.channel_id, x.key)
    for update of x skip locked));
end $$;
