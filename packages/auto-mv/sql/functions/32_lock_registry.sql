-- One registration at a time, to the end of its transaction: two of them sharing a watch could drop each other's trigger.
-- Planner, writers and refreshers never look at this lock. PM009 when another one holds it for longer than 5 s.
create or replace function pgauto_mv.lock_registry() returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp set lock_timeout = '5s'
as $$
begin
  lock table pgauto_mv.watch in share row exclusive mode;
exception when lock_not_available then
  raise exception using errcode = 'PM009', message = 'another registration is in progress, and has been for 5 s',
    hint = 'Commit or roll back the transaction that called register_mv(), unregister_mv() or clean_mv(), and try again.';
end $$;
