-- The writers begin: figures count from now.
create or replace function demo.begin_run() returns void
language sql
as $$
  insert into demo.run (started_at) values (clock_timestamp())
$$;
