-- Cancels the batches of this Processor that run an event which somebody wants cancelled. p_pids: the backends that were sent a batch; until the
-- Processor has the reply it sends nothing more to these, so nothing that comes after such a batch is hit. A backend is known by
-- its start, and must be at work. Returns the events, each with the backend that ran it. Runs as the caller, which may cancel its
-- own login's backends.
create or replace function pgrelay.stop_batches_v1(p_slot smallint, p_epoch bigint, p_pids integer[]) returns table (event_id bigint, pid integer)
language sql volatile set search_path = pg_catalog, pg_temp
as $$
  select b.event_id, b.pid from pgrelay.batches_to_stop_v1(p_slot, p_epoch, p_pids) b
  where pgrelay.cancel_backend_v1(b.pid, b.backend_start)
$$;
