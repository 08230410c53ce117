-- Refuses settings of a job that cannot work: PC001 the spec, PC004 the others, PR001 a channel that is not registered.
create or replace function pgrelay_cron.check_settings(p_job pgrelay_cron.job) returns void
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
  v_limit integer;
  v_wrong text;
  v_channel text;
begin
  perform pgrelay_cron.check_spec(p_job.spec, p_job.timezone);
  v_wrong := case
    when p_job.missed is null or p_job.missed not in ('skip', 'latest', 'all') then format('missed %L is not skip, latest or all', p_job.missed)
    when p_job.overlap is null or p_job.overlap not in ('allow', 'skip', 'queue') then format('overlap %L is not allow, skip or queue', p_job.overlap)
    when (p_job.jitter between interval '0' and interval '1 day') is not true then format('jitter %s is not between 0 and 1 day', p_job.jitter)
    when (p_job.grace between interval '0' and interval '1 day') is not true then format('grace %s is not between 0 and 1 day', p_job.grace)
    when not p_job.deadline between interval '1 second' and interval '366 days' then format('deadline %s is not between 1 second and 366 days', p_job.deadline)
    when not isfinite(p_job.starts_at) or not isfinite(p_job.ends_at) then 'it would start or end outside of time'
    when p_job.ends_at < p_job.starts_at then format('ends_at %s is before starts_at %s', p_job.ends_at, p_job.starts_at)
  end;
  if v_wrong is not null then
    raise exception using errcode = 'PC004', message = format('job %L: %s', p_job.name, v_wrong), hint = 'See pgrelay_cron.schedule() in docs/reference/sql.md.';
  end if;
  foreach v_channel in array array[case when p_job.kind = 'event' then coalesce(p_job.channel, '') end, p_job.alert_channel] loop
    select c.max_payload into v_limit from pgrelay.channel c where c.name = v_channel;
    if v_channel is not null and v_limit is null then
      raise exception using errcode = 'PR001', message = format('channel %L of job %L is not registered', v_channel, p_job.name),
        hint = 'Register it with pgrelay.register_channel(), or start a Processor with a handler for it.';
    elsif v_channel = p_job.channel and octet_length(p_job.payload) > v_limit then
      raise exception using errcode = 'PC004', message = format('job %L: the payload has %s octets, its channel takes at most %s', p_job.name, octet_length(p_job.payload), v_limit),
        hint = 'Store the data in a table and send its key, or register the channel with a larger p_max_payload.';
    end if;
  end loop;
end $$;
