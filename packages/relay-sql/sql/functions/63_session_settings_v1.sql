-- For run(): the settings of the calling session, to be put back by restore_settings_v1 after actions have run in it. The
-- search_path is left out: it is pinned here, and run() takes care of it.
create or replace function pgrelay.session_settings_v1() returns jsonb
language sql stable set search_path = pg_catalog, pg_temp
as $$
  select coalesce(jsonb_object_agg(s.name, s.setting), '{}') from pg_settings s
  where s.source = 'session' and s.context in ('user', 'superuser') and s.name not in ('search_path', 'client_encoding') and s.name !~ '^transaction_'
$$;
