-- Who may do what. Re-applied at every migration; the migrator has taken everything from PUBLIC before. The matrix is
-- tested by logging in as each role.
grant usage on schema pgrelay to pgrelay, pgrelay_producer, pgrelay_viewer, pgrelay_admin, pgrelay_processor;
grant usage on schema pgrelay_action to pgrelay;

-- what an action may use, beside what the user granted to pgrelay
grant execute on function pgrelay.seal_action(), pgrelay.held_transactions() to pgrelay;
grant execute on function pgrelay.clock_now(), pgrelay.current_event() to pgrelay, pgrelay_producer, pgrelay_viewer, pgrelay_admin, pgrelay_processor;

grant execute on function pgrelay.notify(text, text, timestamptz, integer, text, interval, text),
  pgrelay.notify_many(text, text[], timestamptz[], integer[], text[], interval[], text[]), pgrelay.notify_without_key(text, text, timestamptz, integer, text),
  pgrelay.notify_many_without_key(text, text[], timestamptz[], integer[], text[]), pgrelay.after_all(bigint[], text, text, integer) to pgrelay_producer;
grant execute on function pgrelay.next_fire(text, timestamptz, text, timestamptz), pgrelay.check_schedule(text, text) to pgrelay_producer, pgrelay_viewer;

grant select on pgrelay.channels, pgrelay.events, pgrelay.processors, pgrelay.log, pgrelay.retry_rules, pgrelay.breakers, pgrelay.limits, pgrelay.debounces to pgrelay_viewer;
grant execute on function pgrelay.get_problems(), pgrelay.rate_room(integer), pgrelay.explain_event(bigint), pgrelay.look_ended(bigint), pgrelay.lineage(bigint) to pgrelay_viewer;
grant execute on function pgrelay.traceparent(bigint) to pgrelay, pgrelay_viewer, pgrelay_processor;
grant execute on function pgrelay.trace(text) to pgrelay_producer;
grant select on pgrelay.schema_migration, pgrelay.schema_module to pgrelay_viewer;

grant select on pgrelay.queue, pgrelay.delayed, pgrelay.channel, pgrelay.retry_rule, pgrelay.node to pgrelay_admin;
grant select, delete on pgrelay.failed to pgrelay_admin;
grant insert, update, delete on pgrelay.retry_rule to pgrelay_admin;
grant execute on function
  pgrelay.register_channel(text, text, text, boolean, interval, boolean, integer, boolean, text),
  pgrelay.register_channel(text, text[], text, interval, boolean, text),
  pgrelay.register_channel_as(text, text, text, boolean, interval, boolean, integer, boolean, name[], text, text[]),
  pgrelay.redrive(bigint), pgrelay.redrive_channel(text, text, text, integer, double precision),
  pgrelay.set_retry(text, text, interval[], interval, double precision, interval, integer, text, boolean), pgrelay.unset_retry(text, text),
  pgrelay.set_breaker(text, integer, double precision, interval, integer, interval, interval), pgrelay.unset_breaker(text), pgrelay.close_breaker(text),
  pgrelay.set_limits(text, integer, integer, boolean, boolean, integer, interval), pgrelay.unset_limits(text),
  pgrelay.set_debounce(text, interval, interval, interval), pgrelay.unset_debounce(text), pgrelay.set_expiry(text, interval),
  pgrelay.cancel(bigint), pgrelay.ask_cancel(bigint), pgrelay.run_of_event(bigint), pgrelay.stop_run(bigint),
  pgrelay.snooze(bigint, interval), pgrelay.adopt_events(smallint), pgrelay.drop_channel(text, boolean),
  pgrelay.pause_channel(text), pgrelay.disable_channel(text), pgrelay.resume_channel(text), pgrelay.tune_channel(text, interval, boolean),
  pgrelay.check_removal(bigint, text, text, interval, integer), pgrelay.erase_effects(integer, bigint, text, timestamptz), pgrelay.erase_keys(text, text),
  pgrelay.remove_events(text, bigint, integer, bigint, text, text, timestamptz, text), pgrelay.stop_events(bigint, text, text, timestamptz)
  to pgrelay_admin;
grant execute on procedure pgrelay.remove_in_batches(text[], bigint, text, text, timestamptz, text, integer, bigint),
  pgrelay.purge(text, text, interval, text[], integer, bigint),
  pgrelay.erase(bigint, text, text, interval, integer, bigint, bigint) to pgrelay_admin;

grant execute on function
  pgrelay.declare_handlers_v1(text[], text[], boolean), pgrelay.declare_breakers_v1(text[], jsonb[]), pgrelay.declare_limits_v1(text[], jsonb[]),
  pgrelay.declare_debounces_v1(text[], jsonb[]),
  pgrelay.kind_channels_v1(text[]), pgrelay.report_kinds_v1(smallint, bigint, text[]),
  pgrelay.poll_v1(integer[], integer[], smallint[], bigint[], integer), pgrelay.arm_v1(), pgrelay.holders_v1(),
  pgrelay.horizon_v1(), pgrelay.marks_v1(bigint, integer[], smallint[], bigint[]), pgrelay.find_lanes_v1(),
  pgrelay.claim_v1(smallint, bigint, smallint, integer, integer, smallint[], bigint[]),
  pgrelay.claim_toplevel_v1(smallint, bigint, smallint, integer),
  pgrelay.run_batch_v1(smallint, bigint, smallint, integer, integer, boolean, integer, smallint[], bigint[], bigint),
  pgrelay.peek_v1(integer, integer, smallint[], bigint[]),
  pgrelay.settle_v1(smallint, bigint, bigint[], integer[], text[], double precision[], double precision[], double precision[], jsonb[]),
  pgrelay.complete_v1(smallint, bigint, bigint[], integer[], double precision[], double precision[]),
  pgrelay.look_v1(integer[], integer[], smallint[], bigint[], bigint, bigint, boolean, boolean, boolean, boolean, boolean),
  pgrelay.fail_v1(smallint, bigint, smallint, bigint, double precision, jsonb),
  pgrelay.release_v1(smallint, bigint, bigint[]),
  pgrelay.reclaim_v1(smallint, bigint), pgrelay.cancellations_v1(smallint, bigint), pgrelay.cancel_backend_v1(integer, timestamptz),
  pgrelay.batches_to_stop_v1(smallint, bigint, integer[]), pgrelay.stop_batches_v1(smallint, bigint, integer[]),
  pgrelay.end_cancelled_v1(smallint, bigint, smallint, bigint[], double precision), pgrelay.held_by_worker_v1(smallint, bigint, smallint),
  pgrelay.recall_v1(smallint, bigint, bigint, text), pgrelay.record_effect_v1(bigint, text, jsonb),
  pgrelay.note_progress_v1(smallint, bigint, bigint, integer, double precision, text),
  pgrelay.attach_v1(text, integer, text, integer, integer, text[]),
  pgrelay.enter_backend_v1(smallint, bigint, text), pgrelay.record_backend_v1(smallint, bigint, text, integer, timestamptz),
  pgrelay.heartbeat_v1(smallint, bigint, double precision), pgrelay.report_hint_v1(smallint, bigint, boolean),
  pgrelay.detach_v1(smallint, bigint), pgrelay.backends_v1(smallint, bigint),
  pgrelay.bury_v1(), pgrelay.end_backend_v1(integer, timestamptz), pgrelay.working_backends_v1(integer[], text[]), pgrelay.rescue_v1(),
  pgrelay.note_recurrence_v1(text), pgrelay.lets_through_v1(integer), pgrelay.lose_v1(smallint, bigint, smallint, bigint, double precision),
  pgrelay.maintain_v1(interval), pgrelay.keep_log_v1(interval), pgrelay.forget_effects_v1(interval), pgrelay.forget_failed_v1(interval, integer),
  pgrelay.forget_causes_v1(interval)
  to pgrelay_processor;
grant execute on function pgrelay.ready_sql_channels_v1(), pgrelay.enter_run_v1(), pgrelay.left_by_run_v1(),
  pgrelay.session_settings_v1(), pgrelay.restore_settings_v1(jsonb), pgrelay.note_run_v1(smallint, bigint, integer),
  pgrelay.close_run_v1(smallint), pgrelay.end_stopped_v1(smallint, bigint, integer) to pgrelay_processor;
grant execute on procedure pgrelay.run(bigint, bigint) to pgrelay_processor;
