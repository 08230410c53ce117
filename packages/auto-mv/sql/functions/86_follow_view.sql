-- Ties a registration to the view that has its name now: its own was dropped and made again. Nothing is known of the
-- contents then. The caller holds the registry's lock.
create or replace function pgauto_mv.follow_view(p_mv_id bigint, p_view oid) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
  update pgauto_mv.mv m set view = p_view, gone_at = null where m.id = p_mv_id;
  update pgauto_mv.state s set snap = null, snaps = null, basis = null, scans = null, as_of = null where s.mv_id = p_mv_id;
  if exists (select from pgauto_mv.mv m where m.id = p_mv_id and m.derived) then
    perform pgauto_mv.set_derived(p_mv_id, true);
    perform pgauto_mv.report_unwatched(p_mv_id, p_view);
  end if;
end $$;
