-- Writes the row of a job: its settings (see with_settings), and its next time. The rhythm stays unless what it is made of
-- changes. Holds the row to the end of the caller's transaction; tick_v1 passes it over meanwhile.
--   p_by   schedule   the whole job, made or replaced; PC003 when code has declared it
--          alter      the settings given; PC002 when there is none. Of a job declared in code they are the operator's from now on
--          code       the settings given, of a job that code declares; PC003 when it was made with schedule()
-- Further errors: PC001, PC004, PR001, and PC001 when a new spec never fires any more. Returns the job's id.
create or replace function pgrelay_cron.save_job(p_name text, p_settings jsonb, p_kind text, p_by text) returns bigint
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
  v_now timestamptz := pgrelay.clock_now();
  v_old pgrelay_cron.job;
  v_job pgrelay_cron.job;
begin
  if p_name is null or p_name = '' or octet_length(p_name) > 195 then
    raise exception using errcode = 'PC004', message = format('job name %L is not between 1 and 195 octets long', p_name),
      hint = 'Choose another name.';
  end if;
  select j.* into v_old from pgrelay_cron.job j where j.name = p_name for update;
  if v_old.id is null and p_by = 'alter' then
    raise exception using errcode = 'PC002', message = format('there is no job %L', p_name), hint = 'The view pgrelay_cron.jobs lists them.';
  elsif (v_old.source = 'code' and p_by = 'schedule') or (v_old.source = 'sql' and p_by = 'code') then
    raise exception using errcode = 'PC003', message = format('job %L is already declared %s', p_name,
        case v_old.source when 'sql' then 'with pgrelay_cron.schedule()' else 'in the options of a Processor''s cron()' end),
      hint = 'Use another name, change it with pgrelay_cron.alter(), or remove the other one first: pgrelay_cron.unschedule().';
  elsif p_kind = 'command' and coalesce(v_old.kind, 'event') <> 'command' and exists (select from pgrelay.channel c where c.name = 'cron.' || p_name) then
    raise exception using errcode = 'PC003', message = format('channel %L exists already and belongs to no job', 'cron.' || p_name),
      hint = 'Use another name for the job, or drop the channel first.';
  end if;

  v_job := v_old;
  v_job.name := p_name;
  v_job.kind := coalesce(p_kind, v_old.kind);
  v_job := pgrelay_cron.with_settings(v_job, p_settings, p_by = 'schedule' or v_old.id is null);
  if v_job.kind = 'command' then
    v_job.channel := 'cron.' || p_name;
  end if;
  perform pgrelay_cron.check_settings(v_job);
  if v_old.next_planned_at is null or (v_job.spec, v_job.timezone, v_job.starts_at, v_job.ends_at, v_job.jitter)
      is distinct from (v_old.spec, v_old.timezone, v_old.starts_at, v_old.ends_at, v_old.jitter) then
    v_job.next_planned_at := pgrelay_cron.next_of(v_job, v_now);
    if v_job.next_planned_at is null and p_by <> 'code' and (p_by = 'schedule' or v_job.spec <> v_old.spec) then
      raise exception using errcode = 'PC001', message = format('job %L: %L never fires any more', p_name, v_job.spec),
        hint = 'Its time, or its p_ends_at, is past.';
    end if;
    v_job.held := false;
  end if;
  v_job.next_fire_at := pgrelay_cron.fire_time(p_name, v_job.next_planned_at, v_job.jitter);

  insert into pgrelay_cron.job as j (name, kind, source, spec, timezone, channel, payload, missed, overlap, jitter, grace, starts_at, ends_at,
      alert_channel, deadline, next_planned_at, next_fire_at)
    values (p_name, v_job.kind, case p_by when 'code' then 'code' else 'sql' end, v_job.spec, v_job.timezone, v_job.channel, v_job.payload, v_job.missed,
      v_job.overlap, v_job.jitter, v_job.grace, v_job.starts_at, v_job.ends_at, v_job.alert_channel, v_job.deadline, v_job.next_planned_at, v_job.next_fire_at)
    on conflict (name) do update set kind = excluded.kind, spec = excluded.spec, timezone = excluded.timezone, channel = excluded.channel,
      payload = excluded.payload, missed = excluded.missed, overlap = excluded.overlap, jitter = excluded.jitter, grace = excluded.grace,
      starts_at = excluded.starts_at, ends_at = excluded.ends_at, alert_channel = excluded.alert_channel, deadline = excluded.deadline,
      next_planned_at = excluded.next_planned_at, next_fire_at = excluded.next_fire_at, held = coalesce(v_job.held, false), problem = null,
      state = case p_by when 'schedule' then 'active' else j.state end,
      altered = case when p_by = 'alter' and j.source = 'code'
        then array(select distinct k from unnest(j.altered || array(select jsonb_object_keys(p_settings))) k order by 1) else j.altered end,
      scheduled_by = session_user, scheduled_at = v_now
    where j.source = excluded.source or p_by = 'alter'
    returning j.id into v_job.id;
  return v_job.id;
end $$;
