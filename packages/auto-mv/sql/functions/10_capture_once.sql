-- Trigger function of watches whose trigger looks at the mark "already noted" itself, in its WHEN (see trigger_when): those
-- that fire for each row, which must cost a row no call, and those that cannot have a transition table. Writes the
-- change row. While replication applies, settings may be undone after each row, and the mark with them: then what was
-- written is looked at. SECURITY DEFINER as capture(). Takes no lock anyone else wants.
create or replace function pgauto_mv.capture_once() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
  if current_setting('session_replication_role') = 'replica' and exists (
    select from pgauto_mv.change c where c.watch_id = tg_argv[0]::bigint and c.xid = pg_current_xact_id()) then
    return null;
  end if;
  insert into pgauto_mv.change (watch_id) values (tg_argv[0]::bigint);
  return null;
end $$;
