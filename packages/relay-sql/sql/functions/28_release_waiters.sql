-- Lets the events run that wait for others to end (after_all): of which none waits, runs or is among the failed any more. What has ended is
-- forgotten, so that it costs no more than what is left. A look (look_v1) does it once a second, and so does run(). Any number may do it
-- at once: what another has locked is left to it. Returns whether some event still waits so.
create or replace function pgrelay.release_waiters() returns boolean
language plpgsql security definer set search_path = pg_catalog, pg_temp set enable_seqscan = off
as $$
begin
  delete from pgrelay.awaited a where a.ctid = any (array(
    select x.ctid from pgrelay.awaited x
    where not exists (select from pgrelay.queue q where q.id = x.event_id) and not exists (select from pgrelay.delayed d where d.id = x.event_id)
      and not exists (select from pgrelay.failed f where f.id = x.event_id)
      or not exists (select from pgrelay.delayed d where d.id = x.waiter_id and d.run_at = 'infinity')         -- cancelled, or snoozed
    for update skip locked));
  update pgrelay.delayed d set run_at = pgrelay.clock_now() where d.ctid = any (array(
    select x.ctid from pgrelay.delayed x
    where x.run_at = 'infinity' and x.first_at is null and not exists (select from pgrelay.awaited a where a.waiter_id = x.id) for no key update skip locked));
  if found then
    perform pgrelay.hint('');
  end if;
  return exists (select from pgrelay.awaited);
end $$;
