-- Takes what the writer measured since the last call: starts by the server's clock, durations as the client saw them.
create or replace function demo.note_latencies(p_started_at timestamptz[], p_ms double precision[]) returns void
language sql
as $$
  insert into demo.latency select * from unnest(p_started_at, p_ms)
$$;
