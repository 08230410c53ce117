-- Reads the jobs of a table shaped like pg_cron's cron.job, whichever of pg_cron's versions made it, and says what becomes of each
-- here. The caller sees what the table's row security lets them see. PC006 when it lacks what a job is made of.
create or replace function pgrelay_cron.pg_cron_jobs(p_table regclass, p_timezone text)
returns table (jobid bigint, name text, spec text, command text, active boolean, action text, note text)
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
  v_row record;
begin
  if p_table is null or (select count(*) from pg_attribute a
      where a.attrelid = p_table and a.attnum > 0 and not a.attisdropped and a.attname in ('jobid', 'schedule', 'command')) <> 3 then
    raise exception using errcode = 'PC006', message = format('%s is no table of pg_cron', coalesce(p_table::text, 'cron.job')),
      hint = 'Give a table with the columns jobid, schedule and command, and where there are any jobname, database, username and active.';
  end if;
  for v_row in execute format('select j, count(*) over (partition by j ->> ''jobname'') as same from (select to_jsonb(t) as j from %s t) t order by (j ->> ''jobid'')::bigint', p_table)
  loop
    jobid := v_row.j ->> 'jobid';
    spec := v_row.j ->> 'schedule';
    command := v_row.j ->> 'command';
    active := coalesce((v_row.j ->> 'active')::boolean, true);
    select p.name, p.action, p.note into name, action, note
      from pgrelay_cron.pg_cron_plan(v_row.j, v_row.j ->> 'jobname' is not null and v_row.same > 1, p_timezone) p;
    return next;
  end loop;
end $$;
