-- Schedules p_jobs jobs of every second, from p_in seconds from now on, for p_seconds; each run writes which occurrence it is for.
-- What is late is sent all the same: nothing may be missing.
create schema bench;
create table bench.ran (job text not null, planned timestamptz not null, at timestamptz not null default clock_timestamp());
grant usage on schema bench to pgrelay;
grant insert on bench.ran to pgrelay;
create function bench.schedule_seconds(p_jobs integer, p_seconds integer, p_in integer) returns void
language plpgsql
as $$
declare
  v_from timestamptz := date_trunc('second', clock_timestamp()) + make_interval(secs => p_in);
begin
  for v_no in 1 .. p_jobs loop
    perform pgrelay_cron.schedule(format('second %s', v_no), 'every 1s', format('insert into bench.ran (job, planned) values (%L, $1::timestamptz)', v_no),
      p_missed => 'all', p_starts_at => v_from, p_ends_at => v_from + make_interval(secs => p_seconds - 1));
  end loop;
end $$;
