-- Which occurrence of a job is the next to be sent: what is before it has been missed and is left out, as the job's policy for that
-- says. An occurrence is missed when nobody sent it within its jitter and the grace. NULL: none any more.
create or replace function pgrelay_cron.first_to_send(p_job pgrelay_cron.job, p_now timestamptz) returns timestamptz
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
declare
  v_missed_before timestamptz := p_now - p_job.grace - p_job.jitter;
  v_first timestamptz;
begin
  if p_job.missed = 'all' or p_job.held or p_job.next_planned_at >= v_missed_before then
    return p_job.next_planned_at;
  end if;
  v_first := pgrelay_cron.next_of(p_job, v_missed_before - interval '1 microsecond');
  if p_job.missed = 'skip' or pgrelay_cron.fire_time(p_job.name, v_first, p_job.jitter) <= p_now then
    return v_first;
  end if;
  return pgrelay_cron.last_of(p_job, v_missed_before);
end $$;
