-- Who may do what. PUBLIC has nothing (the migrator revokes it); a role's line names everything it has.
--   pgrelay_viewer      reads how fresh views are, the log and the problems
--   pgrelay_producer    asks whether a view is fresh, waits for it, asks for a refresh
--   pgrelay_admin       registers; the triggers need its own right on the tables
--   pgrelay_processor   plans, refreshes, repairs
grant usage on schema pgauto_mv to pgrelay_viewer, pgrelay_producer, pgrelay_admin, pgrelay_processor;

grant select on pgauto_mv.freshness, pgauto_mv.materialized_view_state, pgauto_mv.watches, pgauto_mv.log, pgauto_mv.schedules to pgrelay_viewer;
grant select on pgauto_mv.failure to pgrelay_admin;
grant execute on function pgauto_mv.get_mv_problems(), pgauto_mv.registry_problems(), pgauto_mv.timing_problems(), pgauto_mv.relation_name(oid) to pgrelay_viewer;

grant execute on function pgauto_mv.set_schedule(text, text, text), pgauto_mv.drop_schedule(text) to pgrelay_admin;

grant execute on function
  pgauto_mv.is_fresh(regclass, xid8),
  pgauto_mv.wait_until_fresh(regclass, xid8, interval)
  to pgrelay_viewer, pgrelay_producer;
grant execute on function
  pgauto_mv.refresh_materialised_view_now(text, text), pgauto_mv.refresh_materialised_view_now(regclass),
  pgauto_mv.refresh_materialized_view_now(text, text), pgauto_mv.refresh_materialized_view_now(regclass),
  pgauto_mv.find_mv(oid, text, text), pgauto_mv.refresh_now(bigint)
  to pgrelay_producer;

grant execute on function
  pgauto_mv.mv_watch(text, text),
  pgauto_mv.register_mv(text, text, pgauto_mv.mv_watch_spec[], numeric, numeric, numeric, interval, interval),
  pgauto_mv.register_mv(regclass, numeric, numeric, numeric, interval, interval),
  pgauto_mv.unregister_mv(text, text), pgauto_mv.unregister_mv(regclass),
  pgauto_mv.clean_mv(),
  pgauto_mv.find_view(text, text), pgauto_mv.qualify_watches(pgauto_mv.mv_watch_spec[]), pgauto_mv.check_watch_tables(pgauto_mv.mv_watch_spec[]), pgauto_mv.with_children(oid),
  pgauto_mv.read_by(oid, boolean), pgauto_mv.derive_watches(oid),
  pgauto_mv.lock_registry(), pgauto_mv.find_stale(oid),
  pgauto_mv.record_mv(oid, boolean, numeric, numeric, numeric, interval, interval),
  pgauto_mv.install_mv(oid, boolean, oid[], text[], numeric, numeric, numeric, interval, interval),
  pgauto_mv.link_watch(bigint, oid, text), pgauto_mv.note_unwatched(bigint, text, text),
  pgauto_mv.uninstall_mv(bigint), pgauto_mv.forget_mv(bigint), pgauto_mv.forget_watch(bigint), pgauto_mv.drop_trigger(bigint, oid)
  to pgrelay_admin;
-- To put a trigger on one needs EXECUTE on its function; to fire it, nobody does.
grant execute on function
  pgauto_mv.capture(), pgauto_mv.relation_name(oid), pgauto_mv.find_trigger(bigint, oid), pgauto_mv.create_trigger(bigint, oid, text),
  pgauto_mv.missing_triggers(), pgauto_mv.invalidate_watch(bigint, text), pgauto_mv.repair_v1()
  to pgrelay_admin, pgrelay_processor;

grant execute on function
  pgauto_mv.repair_view_v1(), pgauto_mv.invalidate_changed_v1(), pgauto_mv.unlinked_sources(), pgauto_mv.link_sources_v1(bigint),
  pgauto_mv.plan_v1(), pgauto_mv.collect_v1(interval, interval, integer),
  pgauto_mv.begin_refresh_v1(bigint, text, xid8, interval),
  pgauto_mv.enter_refresh_v1(bigint, bigint, interval, interval, interval),
  pgauto_mv.finish_refresh_v1(bigint, bigint, text, text, text),
  pgauto_mv.fail_refresh_v1(bigint, bigint, text, text, text, text, text, text),
  pgauto_mv.release_refresh_v1(bigint, bigint, text, text)
  to pgrelay_processor;
