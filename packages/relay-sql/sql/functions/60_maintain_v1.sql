-- Housekeeping: makes the log's partitions for today and the next three days, drops those that end before the retention,
-- and forgets dedup keys whose event is gone. Short lock_timeout; what it cannot do now it does at the next call.
create or replace function pgrelay.maintain_v1(p_retention interval default interval '30 days') returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp set standard_conforming_strings = on set timezone = 'UTC'
as $$
declare
  v_today date := (pgrelay.clock_now() at time zone 'UTC')::date;
  v_day date;
  v_old record;
begin
  perform set_config('lock_timeout', '200ms', true);
  for v_offset in 0..3 loop
    v_day := v_today + v_offset;
    continue when to_regclass(format('pgrelay.log_%s', to_char(v_day, 'YYYYMMDD'))) is not null;
    begin
      execute format('create table pgrelay.log_%s partition of pgrelay.log for values from (%L) to (%L)',
        to_char(v_day, 'YYYYMMDD'), v_day::timestamptz, (v_day + 1)::timestamptz);
    exception when lock_not_available or duplicate_table or check_violation then
      null;                                  -- the default partition catches; get_problems shows what it holds
    end;
  end loop;
  for v_old in
    select c.oid::regclass as name from pg_inherits i join pg_class c on c.oid = i.inhrelid
    where i.inhparent = 'pgrelay.log'::regclass and c.relname ~ '^log_\d{8}$'
      and to_date(substr(c.relname, 5), 'YYYYMMDD') + 1 < (pgrelay.clock_now() - p_retention)::date
  loop
    begin
      execute format('drop table %s', v_old.name);
    exception when lock_not_available then
      null;
    end;
  end loop;
  delete from pgrelay.dedup d where d.ctid = any (array(
    select x.ctid from pgrelay.dedup x
    where not exists (select from pgrelay.queue q where q.id = x.event_id) and not exists (select from pgrelay.delayed y where y.id = x.event_id)
    for update skip locked));
end $$;
