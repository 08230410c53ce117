-- Sends an event for every job that is due and sets its next time; all Processors call it, there is no leader. A job that
-- another call has in hand is skipped, and when that has committed the job is no longer due: so each occurrence is sent
-- once. Sending and the next time commit together. A call ends after about 10 ms, or 100 occurrences of a job: the rest is due at once,
-- and other Processors take their share of it.
-- A job that cannot be worked with is noted with its SQLSTATE, tried again after a minute, and holds up no other.
-- Returns the ms until something is due, or NULL when nothing ever is.
-- The planner settings hold the plan: what is due, by its index, however many jobs there are.
create or replace function pgrelay_cron.tick_v1() returns double precision
language plpgsql security definer set search_path = pg_catalog, pg_temp set enable_seqscan = off set enable_bitmapscan = off
as $$
declare
  v_now timestamptz := pgrelay.clock_now();
  v_most constant integer := 100;
  v_more boolean := false;
  v_job pgrelay_cron.job;
begin
  for v_job in
    select j.* from pgrelay_cron.job j where j.state = 'active' and j.next_fire_at <= v_now order by j.next_fire_at limit 1000 for update skip locked
  loop
    begin
      v_more := pgrelay_cron.advance(v_job, v_now, v_most) = v_most;
    exception when others then
      if sqlstate ~ '^(08|40|53|55|57|58)' then
        raise;
      end if;
      update pgrelay_cron.job j set problem = sqlstate, next_fire_at = v_now + interval '1 minute' where j.id = v_job.id;
    end;
    v_more := v_more or pgrelay.clock_now() > v_now + interval '10 milliseconds';
    exit when v_more;
  end loop;
  if exists (select from pgrelay_cron.fire f where f.due_by <= v_now) then
    perform pgrelay_cron.check_deadlines(v_now, v_most);
  end if;
  return case when v_more then 0 else pgrelay_cron.until_due(v_now) end;
end $$;
