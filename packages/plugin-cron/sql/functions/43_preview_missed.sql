-- What the next tick would do with the occurrences that are due and were not sent, for one job or (NULL) all: a row for those that
-- it would skip, from planned_at until, and one for each that it would send, at most p_limit a job. p_missed tries another policy than
-- the job's. Nothing is changed: pause a job, or alter its policy, before a Processor starts. PC004 for a policy that is none.
create or replace function pgrelay_cron.preview_missed(p_name text default null, p_missed text default null, p_limit integer default 100)
returns table (job text, verdict text, planned_at timestamptz, until timestamptz)
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
declare
  v_now timestamptz := pgrelay.clock_now();
  v_job pgrelay_cron.job;
  v_first timestamptz;
begin
  if p_missed not in ('skip', 'latest', 'all') then
    raise exception using errcode = 'PC004', message = format('p_missed %L is not skip, latest or all', p_missed), hint = 'NULL is the policy of each job.';
  end if;
  for v_job in
    select j.* from pgrelay_cron.job j
    where j.state = 'active' and j.next_fire_at <= v_now and (p_name is null or j.name = p_name) order by j.next_fire_at, j.name
  loop
    v_job.missed := coalesce(p_missed, v_job.missed);
    v_first := pgrelay_cron.first_to_send(v_job, v_now);
    job := v_job.name;
    if v_first is distinct from v_job.next_planned_at then
      verdict := 'skip';
      planned_at := v_job.next_planned_at;
      until := pgrelay_cron.last_of(v_job, coalesce(v_first, v_now));
      return next;
    end if;
    verdict := 'send';
    for v_n in 1 .. p_limit loop
      exit when (pgrelay_cron.fire_time(v_job.name, v_first, v_job.jitter) <= v_now) is not true;
      planned_at := v_first;
      until := v_first;
      return next;
      v_first := pgrelay_cron.next_of(v_job, v_first);
    end loop;
  end loop;
end $$;
