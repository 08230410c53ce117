-- What Processors of the release before call for the jobs in their options: sync_jobs_v1 of the app default.
create or replace function pgrelay_cron.declare_jobs_v1(p_names text[], p_specs text[], p_channels text[], p_payloads text[]) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
  perform pgrelay_cron.sync_jobs_v1('default', coalesce((select jsonb_agg(jsonb_build_object('name', n.name, 'spec', n.spec, 'channel', n.channel, 'payload', n.payload))
    from unnest(p_names, p_specs, p_channels, p_payloads) n(name, spec, channel, payload)), '[]'));
end $$;
