-- explain_event: this server is a standby. What holds rows or runs is known on the primary only.
create or replace function pgrelay.reason_standby(p_event pgrelay.explained_event) returns table (reason text, evidence text, remedy text)
language sql stable set search_path = pg_catalog, pg_temp
as $$
  select 'standby', format('this server replays another and runs nothing; it has come to %s', coalesce(pg_last_xact_replay_timestamp()::text, 'no transaction yet')),
    'select pg_promote();  -- only if the primary is gone: its Processors do the work'
  where pg_is_in_recovery() and p_event.stage not in ('ended', 'failed')
$$;
