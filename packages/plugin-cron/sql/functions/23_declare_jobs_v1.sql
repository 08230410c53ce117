-- What a Processor calls for the jobs in its options when it starts. Jobs that are as declared are left alone; jobs that
-- are declared no more are, too, since another Processor may declare them. Errors: PC001, PC003, PC004, and PR001 for a
-- channel that is not registered.
create or replace function pgrelay_cron.declare_jobs_v1(p_names text[], p_specs text[], p_channels text[], p_payloads text[]) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
  v_new record;
begin
  for v_new in
    select n.* from unnest(p_names, p_specs, p_channels, p_payloads) n(name, spec, channel, payload)
    where not exists (select from pgrelay_cron.job j
      where j.name = n.name and j.source = 'code' and j.channel = n.channel and j.spec = n.spec and j.payload is not distinct from n.payload)
    order by n.name
  loop
    if not exists (select from pgrelay.channel c where c.name = v_new.channel) then
      raise exception using errcode = 'PR001', message = format('channel %L of job %L is not registered', v_new.channel, v_new.name),
        hint = 'Give the Processor a handler for it, or register it with pgrelay.register_channel().';
    end if;
    perform pgrelay_cron.record_job(v_new.name, v_new.spec, 'code', v_new.channel, v_new.payload);
  end loop;
end $$;
