-- Writes the row of a job, for schedule() and declare_jobs_v1(). A new job, and one whose interval changes, runs first
-- one interval from now; otherwise its rhythm stays. PC003 when the name belongs to the other source, or when the
-- channel that a command needs exists already and is no job's.
create or replace function pgrelay_cron.record_job(p_name text, p_spec text, p_source text, p_channel text, p_payload text) returns bigint
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
  v_every interval := pgrelay_cron.parse_spec(p_spec);
  v_now timestamptz := pgrelay.clock_now();
  v_id bigint;
begin
  if p_name is null or p_name = '' or octet_length(p_name) > 195 then
    raise exception using errcode = 'PC004', message = format('job name %L is not between 1 and 195 octets long', p_name),
      hint = 'Choose another name.';
  elsif p_source = 'sql' and not exists (select from pgrelay_cron.job j where j.name = p_name)
    and exists (select from pgrelay.channel c where c.name = p_channel) then
    raise exception using errcode = 'PC003', message = format('channel %L exists already and belongs to no job', p_channel),
      hint = 'Use another name for the job, or drop the channel first.';
  end if;
  insert into pgrelay_cron.job as j (name, spec, every, source, channel, payload, next_fire_at)
    values (p_name, p_spec, v_every, p_source, p_channel, p_payload, v_now + v_every)
    on conflict (name) do update set spec = excluded.spec, every = excluded.every, channel = excluded.channel, payload = excluded.payload,
      next_fire_at = case when j.every = excluded.every then j.next_fire_at else excluded.next_fire_at end, problem = null,
      scheduled_by = session_user, scheduled_at = v_now
    where j.source = excluded.source
    returning j.id into v_id;
  if v_id is null then
    raise exception using errcode = 'PC003', message = format('job %L is already declared %s', p_name,
        case p_source when 'sql' then 'in the options of a Processor''s cron()' else 'with pgrelay_cron.schedule()' end),
      hint = 'Use another name, or remove the other one first: pgrelay_cron.unschedule().';
  end if;
  return v_id;
end $$;
