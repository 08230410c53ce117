-- Cancels an event. What it returns says what became of it:
--   cancelled   it waited: it is gone, with its payload, and has an audit row (the attempt that it would have been next)
--   asked       it runs, or is being claimed: whoever runs it is told. A handler sees ctx.signal; the statement of a SQL action or of a
--               top-level event is cancelled. What stops because of that ends as cancelled, and what it wrote in its transaction is
--               undone; what finishes all the same is done. A batch of SQL actions is undone as a whole, and its other events
--               run again, uncounted
--   running     it runs in a call of run() whose backend you may not cancel, or somebody else's open transaction holds it (one
--               that sent it under its dedup key): call again if it matters what becomes of it
-- PR028 when no such event waits or runs, as when it has finished first. The events of one call of a batch handler share their signal, so
-- none of them is stopped by itself; nor can a SQL action be stopped behind a transaction pooler. Waits for nobody. Sends a NOTIFY when it
-- asks, at its commit; a call of run() is stopped at once, and cut off if this is rolled back. Runs as the caller, who alone may
-- cancel a backend.
create or replace function pgrelay.cancel(p_event_id bigint) returns text
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  v_what text := pgrelay.ask_cancel(p_event_id);
begin
  if v_what = 'asked' and not pgrelay.stop_run(p_event_id) then
    return 'running';
  end if;
  return v_what;
end $$;
