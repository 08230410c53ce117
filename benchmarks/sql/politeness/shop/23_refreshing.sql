-- Whether a refresh is in the middle of its query.
create function polite.refreshing() returns boolean
language sql
as $$
  select exists (select from pg_stat_activity a where a.datname = current_database() and a.wait_event = 'PgSleep' and a.query ~ '^refresh')
$$;
