-- For refresh_due(): one step of what Processors do beside refreshing, as the calling role: triggers that a registration
-- left over or that are missing, views whose sources changed, renamed ones, the change log. Returns whether another step is
-- worth a call. A step a call, so that no table stays locked for the sake of another.
create or replace function pgauto_mv.keep_house_v1() returns boolean
language plpgsql set search_path = pg_catalog, pg_temp
as $$
begin
  perform pgauto_mv.recheck_v1(), pgauto_mv.keep_names_v1(), pgauto_mv.start_sync_v1();
  if (select i.relation is not null from pgauto_mv.install_v1() i) or pgauto_mv.repair_v1() is not null or pgauto_mv.repair_view_v1() is not null then
    return true;
  end if;
  perform pgauto_mv.notice_bypass_v1();
  perform pgauto_mv.repair_incidents_v1();
  perform pgauto_mv.collect_v1();
  return false;
end $$;
