-- Last step of erase(): asks what runs of the events meant to stop, as cancel() does. Returns how many still run, or are held by
-- somebody just now: their payloads are still there. Runs with the caller's rights, as cancel() does: what he may cancel of call run() is stopped.
create or replace function pgrelay.stop_events(p_event_id bigint, p_channel text, p_key text, p_before timestamptz) returns bigint
language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
  v_id bigint;
  v_left bigint := 0;
begin
  for v_id in
    select x.id from (select q.id, q.channel_id, q.dedup_key, q.key, q.enqueued_at from pgrelay.queue q
      union all select d.id, d.channel_id, d.dedup_key, d.key, d.enqueued_at from pgrelay.delayed d) x
    where (p_event_id is null or x.id = p_event_id) and (p_channel is null or x.channel_id = (select c.id from pgrelay.channel c where c.name = p_channel))
      and (p_key is null or p_key in (x.dedup_key, x.key)) and (p_before is null or x.enqueued_at < p_before)
    order by x.id
  loop
    begin
      v_left := v_left + (pgrelay.cancel(v_id) <> 'cancelled')::integer;
    exception when sqlstate 'PR028' then
      null;                                         -- it has ended meanwhile
    end;
  end loop;
  return v_left;
end $$;
