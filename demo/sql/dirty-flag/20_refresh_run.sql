-- When the timer called the published procedure; the procedure itself keeps only the start of its transaction.
create table demo.refresh_run (id integer primary key generated always as identity, started_at timestamptz not null default clock_timestamp(), finished_at timestamptz);

create function demo.begin_refresh() returns integer
language sql
as $$
  insert into demo.refresh_run default values returning id
$$;

create function demo.end_refresh(p_id integer) returns void
language sql
as $$
  update demo.refresh_run r set finished_at = clock_timestamp() where r.id = p_id
$$;
