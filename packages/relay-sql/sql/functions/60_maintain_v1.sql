-- Housekeeping, once an hour: forgets dedup keys whose event is gone and that are not kept for longer, keys of debounced channels that have
-- rested, progress whose attempt has ended, and cancellations of events that have ended, lets expire what is left of expired events, then keeps the log (keep_log_v1), which has to be the
-- last thing that its transaction does.
create or replace function pgrelay.maintain_v1(p_retention interval default '30 days') returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
  delete from pgrelay.dedup d where d.ctid = any (array(
    select x.ctid from pgrelay.dedup x
    where not exists (select from pgrelay.queue q where q.id = x.event_id) and not exists (select from pgrelay.delayed y where y.id = x.event_id)
      and coalesce(x.kept_until, '-infinity') <= pgrelay.clock_now()
    for update skip locked));
  perform pgrelay.forget_debounce_keys();
  perform pgrelay.expire_events(p_limit => 1000000);
  delete from pgrelay.progress p where p.ctid = any (array(
    select x.ctid from pgrelay.progress x
    where not exists (select from pgrelay.queue q where q.id = x.event_id and q.attempt = x.attempt and q.slot is not null)
    for update skip locked));
  delete from pgrelay.cancellation a
    where not exists (select from pgrelay.queue q where q.id = a.event_id) and not exists (select from pgrelay.delayed y where y.id = a.event_id);
  perform pgrelay.keep_log_v1(p_retention);
end $$;
