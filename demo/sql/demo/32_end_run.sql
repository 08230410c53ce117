-- The writers have stopped: from here on the run grows no longer.
create or replace function demo.end_run() returns void
language sql
as $$
  update demo.run r set ended_at = clock_timestamp()
$$;
