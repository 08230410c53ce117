-- Cancels the batch in which a call of run() has this event. False: it runs there, and the caller may not cancel that backend.
-- run() passes close_run_v1 before it leaves a batch; while this has the gate nothing that comes after the batch can be hit. When it is
-- shut the batch has ended already. Runs as the caller.
create or replace function pgrelay.stop_run(p_event_id bigint) returns boolean
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  v_slot integer := (select r.slot from pgrelay.run_of_event(p_event_id) r);
  v_pid integer;
  v_may boolean := true;
begin
  if v_slot is null or not pg_try_advisory_lock_shared(1919247987, v_slot) then
    return true;
  end if;
  begin
    select r.pid into v_pid from pgrelay.run_of_event(p_event_id) r where r.slot = v_slot;
    perform pg_cancel_backend(v_pid) where v_pid is not null;
  exception when insufficient_privilege then
    v_may := false;
  end;
  perform pg_advisory_unlock_shared(1919247987, v_slot);
  return v_may;
end $$;
