-- One batch of erase(): removes up to p_limit recorded effects, with their results, of events that have ended. By a key nothing is found
-- here: none is kept of such an event. Those of an event that waits, runs or failed go with it. Returns how many went.
create or replace function pgrelay.erase_effects(p_limit integer, p_event_id bigint, p_channel text, p_before timestamptz) returns bigint
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
  v_gone bigint;
begin
  delete from pgrelay.effect e where e.ctid = any (array(
    select x.ctid from pgrelay.effect x
    where (p_event_id is null or x.event_id = p_event_id) and (p_before is null or x.at < p_before)
      and (p_channel is null or exists (select from pgrelay.log l where l.event_id = x.event_id and l.channel = p_channel))
      and not exists (select from pgrelay.queue q where q.id = x.event_id) and not exists (select from pgrelay.delayed d where d.id = x.event_id)
      and not exists (select from pgrelay.failed f where f.id = x.event_id)
    limit p_limit for update skip locked));
  get diagnostics v_gone = row_count;
  return v_gone;
end $$;
