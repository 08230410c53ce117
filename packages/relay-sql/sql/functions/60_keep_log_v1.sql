-- Keeps the log: a partition for today and each of the next three days, made ahead; rows that the default partition caught
-- (nobody had called this for days) go into the partition of their day; what is older than p_retention goes, NULL: nothing
-- does. Days are days of UTC, whatever the time zone of the server or the session.
-- Returns whether there is more to do soon: call it again, in a transaction of its own. The polite way of each step:
--   a partition is made apart and attached: writers do not wait, but for those of the default partition
--   a day is moved out of the default partition in one go when it has at most 20,000 rows; more of them stay there until
--   they are old, and get_problems shows them
--   one old partition without its indexes gets them a call, but not within a migration, for which producers wait
--   one old partition is dropped a call, last, since nobody can write to the log until the transaction ends
-- No lock is waited for longer than 50 ms; what cannot be had now is done at the next call.
create or replace function pgrelay.keep_log_v1(p_retention interval default null) returns boolean
language plpgsql security definer set search_path = pg_catalog, pg_temp set standard_conforming_strings = on set timezone = 'UTC'
as $$
declare
  v_now timestamptz := pgrelay.clock_now();
  v_today date := v_now::date;
  v_keep_from timestamptz := (v_now - p_retention)::date;
  v_days date[] := array(select v_today + n from generate_series(0, 3) n);
  v_day date;
  v_caught date;
  v_old regclass;
  v_rows bigint;
  v_more boolean := false;
begin
  if p_retention < interval '1 day' then
    raise exception using errcode = 'PR004', message = format('the log cannot be kept for %s', p_retention), hint = 'Keep at least a day.';
  end if;
  perform set_config('lock_timeout', '50ms', true);

  delete from pgrelay.log_default d where d.ctid = any (array(select x.ctid from pgrelay.log_default x where x.finished_at < v_keep_from limit 10000));
  get diagnostics v_rows = row_count;
  v_more := v_rows = 10000;

  select min(d.finished_at)::date into v_caught from pgrelay.log_default d where v_keep_from is null or d.finished_at >= v_keep_from;
  if v_caught is not null and v_caught <> all (v_days) then
    v_days := v_days || v_caught;
  end if;
  foreach v_day in array v_days loop
    continue when to_regclass(format('pgrelay.log_%s', to_char(v_day, 'YYYYMMDD'))) is not null;
    begin
      if v_day = v_caught then
        lock table pgrelay.log_default in access exclusive mode;
        select count(*) into v_rows from (select from pgrelay.log_default d where d.finished_at >= v_day and d.finished_at < v_day + 1 limit 20001) x;
        continue when v_rows > 20000;
      end if;
      execute format('create table pgrelay.log_%s (like pgrelay.log including defaults including constraints)', to_char(v_day, 'YYYYMMDD'));
      execute format('create index log_%1$s_event on pgrelay.log_%1$s using brin (event_id)', to_char(v_day, 'YYYYMMDD'));
      execute format('create index log_%1$s_finished on pgrelay.log_%1$s using brin (finished_at)', to_char(v_day, 'YYYYMMDD'));
      execute format('alter table pgrelay.log_%s replica identity full', to_char(v_day, 'YYYYMMDD'));   -- as in migration 17
      if v_day = v_caught then
        execute format('with d as (delete from pgrelay.log_default d where d.finished_at >= %L and d.finished_at < %L returning d.*) insert into pgrelay.log_%s select * from d',
          v_day, v_day + 1, to_char(v_day, 'YYYYMMDD'));
        v_more := true;
      end if;
      execute format('alter table pgrelay.log attach partition pgrelay.log_%s for values from (%L) to (%L)', to_char(v_day, 'YYYYMMDD'),
        v_day::timestamptz, (v_day + 1)::timestamptz);
    exception when lock_not_available or duplicate_table or check_violation then
      v_more := true;                              -- the default partition catches; get_problems shows what it holds
    end;
  end loop;

  -- Days from before migration 16 have no index yet; nobody writes to them any more.
  select c.oid::regclass into v_old from pg_inherits i join pg_class c on c.oid = i.inhrelid
    where i.inhparent = 'pgrelay.log'::regclass and c.relname ~ '^log_\d{8}$' and to_regclass(format('pgrelay.%I', c.relname || '_event')) is null
      and (v_keep_from is null or to_date(substr(c.relname, 5), 'YYYYMMDD') >= v_keep_from::date) and current_setting('role') <> 'pgrelay_owner'
    order by c.relname desc limit 1;
  if found then
    v_more := true;
    begin
      execute format('create index %I on %s using brin (event_id)', substr(v_old::text, 9) || '_event', v_old);
      execute format('create index %I on %s using brin (finished_at)', substr(v_old::text, 9) || '_finished', v_old);
    exception when lock_not_available then
      null;
    end;
  end if;

  select c.oid::regclass into v_old from pg_inherits i join pg_class c on c.oid = i.inhrelid
    where i.inhparent = 'pgrelay.log'::regclass and c.relname ~ '^log_\d{8}$' and to_date(substr(c.relname, 5), 'YYYYMMDD') < v_keep_from::date
    order by c.relname limit 1;
  if found then
    v_more := true;
    begin
      execute format('drop table %s', v_old);
    exception when lock_not_available then
      null;
    end;
  end if;
  return v_more;
end $$;
