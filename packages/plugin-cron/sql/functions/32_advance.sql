-- Sends the occurrences of a job that are due, and sets its next time; tick_v1 has locked its row. Deals with at most p_limit and
-- returns with how many. An occurrence that its channel does not take (dropped, disabled) is lost and noted.
--   overlap    skip: one that comes while the last run has not ended is left out. queue: the channel of a command runs one at a
--              time by itself; for a handler's the occurrence waits here, held, and is looked at again every half second
create or replace function pgrelay_cron.advance(p_job pgrelay_cron.job, p_now timestamptz, p_limit integer) returns integer
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
  v_first timestamptz := pgrelay_cron.first_to_send(p_job, p_now);
  v_next timestamptz := v_first;
  v_last timestamptz := p_job.last_planned_at;
  v_event bigint := p_job.last_event_id;
  v_problem text := p_job.problem;
  v_skipped bigint := p_job.skipped;
  v_done integer := 0;
  v_held boolean := false;
begin
  if v_first is distinct from p_job.next_planned_at then
    perform pgrelay_cron.note_miss(p_job, 'missed', p_job.next_planned_at, pgrelay_cron.last_of(p_job, coalesce(v_first, p_now)), null);
  end if;
  while v_done < p_limit and pgrelay_cron.fire_time(p_job.name, v_next, p_job.jitter) <= p_now loop
    if p_job.overlap <> 'allow' and (p_job.overlap = 'skip' or p_job.kind = 'event') and pgrelay_cron.is_running(v_event) then
      v_held := p_job.overlap = 'queue';
      exit when v_held;
      v_skipped := v_skipped + 1;
    elsif exists (select from pgrelay.channel c where c.name = p_job.channel and c.state <> 'disabled') then
      v_event := pgrelay_cron.send_run(p_job, v_next, false);
      v_problem := null;
    else
      v_problem := case when exists (select from pgrelay.channel c where c.name = p_job.channel) then 'PR002' else 'PR001' end;
      perform pgrelay_cron.note_miss(p_job, 'not_sent', v_next, v_next, null);
    end if;
    v_done := v_done + 1;
    v_last := v_next;
    v_next := pgrelay_cron.next_of(p_job, v_next);
  end loop;
  update pgrelay_cron.job j set next_planned_at = v_next, last_planned_at = v_last, last_event_id = v_event, problem = v_problem,
      skipped = v_skipped, held = v_held or (p_job.held and v_next <= p_now),
      next_fire_at = case when v_held then p_now + interval '500 milliseconds' else pgrelay_cron.fire_time(j.name, v_next, j.jitter) end
    where j.id = p_job.id;
  return v_done;
end $$;
