-- For run(): clears away Processors that are dead, as any Processor does, and takes a slot. The slot fences the batches and
-- stands in their audit rows. Its backend is not recorded: a batch of SQL actions is one transaction that holds its events
-- by row locks, so nobody has to end it to make its events safe. Backends of dead Processors that the caller may not end
-- are left to their own timeouts; what they held is fenced. Runs as the caller.
create or replace function pgrelay.enter_run_v1(out slot smallint, out epoch bigint)
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  v_dead record;
begin
  for v_dead in select b.pid, b.backend_start from pgrelay.bury_v1() b where b.pid is not null loop
    begin
      perform pgrelay.end_backend_v1(v_dead.pid, v_dead.backend_start);
    exception when insufficient_privilege then
      null;
    end;
  end loop;
  perform pgrelay.rescue_v1();
  select a.slot, a.epoch into slot, epoch from pgrelay.attach_v1('CALL pgrelay.run', pg_backend_pid(), 'sql', 60000, 1, '{}') a;
end $$;
