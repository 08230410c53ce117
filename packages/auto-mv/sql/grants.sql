-- Who may do what. PUBLIC has nothing (the migrator revokes it); a role's line names everything it has.
--   pgrelay_viewer      reads how fresh views are, the log and the problems
--   pgrelay_producer    asks whether a view is fresh, waits for it, asks for a refresh
--   pgrelay_admin       registers, alters, pauses; the triggers need its own right on the tables, registering the right to refresh
--   pgrelay_processor   plans, refreshes, repairs
grant usage on schema pgauto_mv to pgrelay_viewer, pgrelay_producer, pgrelay_admin, pgrelay_processor;

grant select on pgauto_mv.freshness, pgauto_mv.materialized_view_state, pgauto_mv.watches, pgauto_mv.log, pgauto_mv.schedules, pgauto_mv.incidents, pgauto_mv.groups
  to pgrelay_viewer;
grant select on pgauto_mv.failure to pgrelay_admin;
grant execute on function pgauto_mv.get_mv_problems(), pgauto_mv.registry_problems(), pgauto_mv.timing_problems(), pgauto_mv.verification_problems(), pgauto_mv.relation_name(oid),
  pgauto_mv.is_gated(bigint), pgauto_mv.watch_columns(text), pgauto_mv.why_all_columns(oid, oid) to pgrelay_viewer;
grant execute on function pgauto_mv.freshness_mv(regclass), pgauto_mv.node_here(), pgauto_mv.recreate_without_nulls(oid, name) to pgrelay_viewer;
grant execute on function pgauto_mv.explain_mv(regclass), pgauto_mv.simulate_mv(regclass, numeric, numeric, numeric, interval, interval, numeric), pgauto_mv.explain_sources(bigint),
  pgauto_mv.explain_watches(bigint), pgauto_mv.explain_refresh(bigint), pgauto_mv.explain_times(bigint), pgauto_mv.explain_hints(bigint), pgauto_mv.find_mv(oid, text, text)
  to pgrelay_viewer;

-- The channel pgauto_mv.sync runs its action as the role pgrelay.
grant usage on schema pgauto_mv to pgrelay;
grant execute on function pgauto_mv.run_sync() to pgrelay;

grant execute on function pgauto_mv.set_schedule(text, text, text), pgauto_mv.drop_schedule(text) to pgrelay_admin;

grant execute on function
  pgauto_mv.is_fresh(regclass, xid8),
  pgauto_mv.wait_until_fresh(regclass, xid8, interval),
  pgauto_mv.look_fresh(regclass, xid8, boolean)
  to pgrelay_viewer, pgrelay_producer;
grant execute on function
  pgauto_mv.refresh_materialised_view_now(text, text), pgauto_mv.refresh_materialised_view_now(regclass),
  pgauto_mv.refresh_materialized_view_now(text, text), pgauto_mv.refresh_materialized_view_now(regclass),
  pgauto_mv.find_mv(oid, text, text), pgauto_mv.refresh_now(bigint)
  to pgrelay_producer;

grant execute on function
  pgauto_mv.mv_watch(text, text),
  pgauto_mv.register_mv(text, text, pgauto_mv.mv_watch_spec[], numeric, numeric, numeric, interval, interval, text, text, interval, boolean, text, regclass[], interval, numeric),
  pgauto_mv.register_mv(regclass, numeric, numeric, numeric, interval, interval, text, text, interval, boolean, text, regclass[], interval, numeric),
  pgauto_mv.alter_mv(text, text, pgauto_mv.mv_watch_spec[], numeric, numeric, numeric, interval, interval, text, text, interval, boolean, text, text[], regclass[], interval, numeric),
  pgauto_mv.alter_mv(regclass, pgauto_mv.mv_watch_spec[], numeric, numeric, numeric, interval, interval, text, text, interval, boolean, text, text[], regclass[], interval, numeric),
  pgauto_mv.unregister_mv(text, text), pgauto_mv.unregister_mv(regclass),
  pgauto_mv.pause_mv(text, text), pgauto_mv.pause_mv(regclass), pgauto_mv.resume_mv(text, text), pgauto_mv.resume_mv(regclass),
  pgauto_mv.clean_mv(), pgauto_mv.sync_mv(interval), pgauto_mv.schedule_sync(text, text),
  pgauto_mv.import_dirty_flag(regclass, boolean), pgauto_mv.import_views(oid, boolean, name[]), pgauto_mv.dirty_flag_views(oid, name[]), pgauto_mv.dirty_flag_triggers(oid),
  pgauto_mv.find_view(text, text), pgauto_mv.qualify_watches(pgauto_mv.mv_watch_spec[]), pgauto_mv.check_watch_tables(pgauto_mv.mv_watch_spec[]), pgauto_mv.with_children(oid),
  pgauto_mv.read_by(oid, boolean), pgauto_mv.derive_watches(oid),
  pgauto_mv.reaches(oid, boolean), pgauto_mv.used_columns(oid), pgauto_mv.relation_watches(oid, text[], smallint[]),
  pgauto_mv.wanted_watches(oid), pgauto_mv.unwatchable(oid),
  pgauto_mv.gate_source(regclass), pgauto_mv.ungate_source(regclass), pgauto_mv.begin_gate(oid), pgauto_mv.end_gate(oid),
  pgauto_mv.lock_registry(), pgauto_mv.find_stale(oid),
  pgauto_mv.record_mv(oid, boolean, pgauto_mv.mv_settings), pgauto_mv.check_refreshers(oid),
  pgauto_mv.refresh_grant(oid, oid), pgauto_mv.serving_logins(),
  pgauto_mv.install_mv(oid, boolean, oid[], text[], pgauto_mv.mv_settings, oid[]), pgauto_mv.link_watches(bigint, oid[], text[]),
  pgauto_mv.put_trigger(bigint, oid, text, boolean), pgauto_mv.note_pending(bigint), pgauto_mv.report_unwatched(bigint, oid),
  pgauto_mv.change_mv(bigint, pgauto_mv.mv_settings, boolean, pgauto_mv.mv_watch_spec[], text[], oid[]), pgauto_mv.change_chain(bigint, oid[]),
  pgauto_mv.alter_settings(bigint, pgauto_mv.mv_settings, text[]), pgauto_mv.change_watches(bigint, boolean, oid[], text[]),
  pgauto_mv.begin_rewatch(bigint), pgauto_mv.present_watches(bigint), pgauto_mv.watches_differ(bigint, oid[], text[]), pgauto_mv.set_derived(bigint, boolean),
  pgauto_mv.unlink_watches(bigint, oid[], text[]), pgauto_mv.set_paused(bigint, boolean),
  pgauto_mv.link_watch(bigint, oid, text), pgauto_mv.note_unwatched(bigint, text, text),
  pgauto_mv.uninstall_mv(bigint), pgauto_mv.forget_mv(bigint), pgauto_mv.forget_watch(bigint), pgauto_mv.drop_trigger(bigint, oid)
  to pgrelay_admin;
-- To put a trigger on one needs EXECUTE on its function; to fire it, nobody does.
grant execute on function
  pgauto_mv.capture(), pgauto_mv.capture_once(), pgauto_mv.relation_name(oid), pgauto_mv.find_trigger(bigint, oid),
  pgauto_mv.create_trigger(bigint, oid, text), pgauto_mv.trigger_event(oid, text), pgauto_mv.trigger_when(bigint), pgauto_mv.trigger_watch(bytea),
  pgauto_mv.watch_columns(text), pgauto_mv.has_foreign_child(oid), pgauto_mv.with_children(oid), pgauto_mv.on_replica(bigint),
  pgauto_mv.replica_missing(bigint, oid, text), pgauto_mv.relation_triggers(oid), pgauto_mv.set_triggers(oid, boolean, boolean), pgauto_mv.is_gated_source(oid),
  pgauto_mv.missing_triggers(), pgauto_mv.invalidate_watch(bigint, text), pgauto_mv.repair_v1(),
  pgauto_mv.install_v1(integer), pgauto_mv.pending_triggers(), pgauto_mv.trigger_grant(oid, oid),
  pgauto_mv.note_installed(bigint), pgauto_mv.note_tried(oid, text, name), pgauto_mv.start_sync_v1()
  to pgrelay_admin, pgrelay_processor;

grant execute on function
  pgauto_mv.repair_view_v1(), pgauto_mv.invalidate_changed_v1(), pgauto_mv.unlink_gone_v1(), pgauto_mv.notice_bypass_v1(), pgauto_mv.unlinked_sources(), pgauto_mv.link_sources_v1(bigint),
  pgauto_mv.plan_v1(boolean), pgauto_mv.collect_v1(interval, interval, integer),
  pgauto_mv.begin_refresh_v1(bigint, text, xid8, interval),
  pgauto_mv.enter_refresh_v1(bigint, bigint, interval, interval, interval, jsonb), pgauto_mv.session_settings(),
  pgauto_mv.finish_refresh_v1(bigint, bigint, text, text, text),
  pgauto_mv.fail_refresh_v1(bigint, bigint, text, text, text, text, text, text),
  pgauto_mv.release_refresh_v1(bigint, bigint, text, text)
  to pgrelay_processor;

grant execute on function
  pgauto_mv.prepare_refresh_v1(bigint, text), pgauto_mv.unproven_view(bigint), pgauto_mv.unpinned_functions(oid), pgauto_mv.breaks_unpinned(oid),
  pgauto_mv.blocked_by_refresh_v1(integer[], interval),
  pgauto_mv.begin_upkeep_v1(bigint, integer, integer, interval, interval),
  pgauto_mv.end_upkeep_v1(bigint, bigint, text, text, text),
  pgauto_mv.recheck_v1(), pgauto_mv.keep_names_v1(),
  pgauto_mv.next_due_v1(oid, bigint[]), pgauto_mv.keep_house_v1(), pgauto_mv.find_mv(oid, text, text)
  to pgrelay_processor;
grant execute on procedure pgauto_mv.refresh_due(regclass, bigint) to pgrelay_processor;

-- Verifies, as its own login: what it may not read it does not compare.
grant execute on function
  pgauto_mv.begin_verify_v1(oid, interval, bigint[]), pgauto_mv.enter_verify_v1(bigint, bigint, interval, text), pgauto_mv.look_verify_v1(bigint, bigint, name[]),
  pgauto_mv.verify_settings(jsonb, interval, text), pgauto_mv.difference_statement(oid, text), pgauto_mv.has_equality(oid), pgauto_mv.verify_rewritten_v1(bigint),
  pgauto_mv.end_verify_v1(bigint, bigint, text, text, text, pg_snapshot, bigint, text, bigint, bigint, bigint, double precision, interval),
  pgauto_mv.verify_wait_v1(), pgauto_mv.blocked_by_verify_v1(integer[], interval), pgauto_mv.repair_incidents_v1(), pgauto_mv.forget_incidents_v1(interval),
  pgauto_mv.relation_name(oid)
  to pgrelay_processor;
grant execute on procedure
  pgauto_mv.verify_mv(regclass, text), pgauto_mv.verify_due(double precision, interval, bigint),
  pgauto_mv.verify_one(bigint, bigint, interval, text, double precision, interval, text)
  to pgrelay_processor;

-- Groups.
grant execute on function pgauto_mv.group_problems(), pgauto_mv.explain_group(bigint), pgauto_mv.group_members(bigint), pgauto_mv.group_mode(bigint),
  pgauto_mv.group_held(bigint), pgauto_mv.group_due(bigint) to pgrelay_viewer;
grant execute on function
  pgauto_mv.create_group(text, regclass[], boolean, interval), pgauto_mv.alter_group(text, regclass[], boolean, interval), pgauto_mv.drop_group(text),
  pgauto_mv.find_group(text), pgauto_mv.put_group(text, boolean, interval, boolean), pgauto_mv.set_group_views(bigint, oid[]), pgauto_mv.group_members(bigint)
  to pgrelay_admin;
grant execute on function
  pgauto_mv.begin_group_refresh_v1(bigint, text, xid8, interval), pgauto_mv.enter_group_refresh_v1(bigint[], bigint[], interval, interval, jsonb),
  pgauto_mv.lock_group_v1(oid[], interval, integer), pgauto_mv.enter_member_v1(bigint, text, interval, interval),
  pgauto_mv.finish_group_refresh_v1(bigint[], bigint[], text, text, text), pgauto_mv.release_group_refresh_v1(bigint[], bigint[], text, text),
  pgauto_mv.fail_group_refresh_v1(bigint[], bigint[], text, bigint, text, text, text, text, text)
  to pgrelay_processor;
grant execute on procedure pgauto_mv.refresh_group_due(bigint, text, xid8, bigint[], bigint, text) to pgrelay_processor;
