-- One look at everything: how stale the stalest view is, and who waits for a lock because of whom. A TRUNCATE
-- does not count: it needs its table alone and waits for every reader, a refresh included.
create or replace function soak.monitor() returns table (stale_ms double precision, waiting integer, waiting_for_relay integer, dirty integer)
language sql volatile
as $$
  with waiting as (
    select a.pid, exists (
      select from unnest(pg_blocking_pids(a.pid)) p join pg_stat_activity b on b.pid = p where b.application_name like 'pgrelay%') as for_relay
    from pg_stat_activity a
    where a.datname = current_database() and a.application_name like 'soak writer%' and a.wait_event_type = 'Lock'
      and not exists (select from pg_locks k where k.pid = a.pid and not k.granted and k.mode = 'AccessExclusiveLock'))
  select coalesce(extract(epoch from clock_timestamp() - (select min(f.stale_since) from pgauto_mv.freshness f)) * 1000, 0)::float8,
    (select count(*) from waiting), (select count(*) from waiting w where w.for_relay),
    (select count(*) from pgauto_mv.freshness f where f.dirty or f.refreshing)
$$;
