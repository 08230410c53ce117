-- Has sync_mv() run by itself, with the defaults of schedule_sync(), unless somebody has decided about that already.
create or replace function pgauto_mv.start_sync_v1() returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
  if not exists (select from pgauto_mv.sync) and exists (select from pgauto_mv.mv) then
    perform pgauto_mv.schedule_sync();
  end if;
end $$;
