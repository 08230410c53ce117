-- What a dump holds of the extension pg_relay; the rules are explained in extension/dump.sql.
values
  ('pgrelay.node', 'all'), ('pgrelay.node_id_seq', 'all'),
  ('pgrelay.channel', 'all'), ('pgrelay.channel_id_seq', 'all'), ('pgrelay.channel_turn', 'all'), ('pgrelay.lane', 'all'),
  ('pgrelay.retry_rule', 'seeded'), ('pgrelay.retry_rule_id_seq', 'all'), ('pgrelay.breaker', 'all'),
  ('pgrelay.channel_limit', 'all'), ('pgrelay.limit_state', 'all'), ('pgrelay.limit_turn', 'all'), ('pgrelay.permit_seq', 'all'),
  ('pgrelay.debounce', 'all'), ('pgrelay.debounce_key', 'all'),
  ('pgrelay.queue', 'all'), ('pgrelay.queue_place_seq', 'all'), ('pgrelay.event_id_seq', 'all'),
  ('pgrelay.delayed', 'all'), ('pgrelay.dedup', 'all'), ('pgrelay.failed', 'all'), ('pgrelay.awaited', 'all'), ('pgrelay.cause', 'all'),
  ('pgrelay.effect', 'all'), ('pgrelay.cancellation', 'all'), ('pgrelay.progress', 'all'), ('pgrelay.recurrence', 'all'), ('pgrelay.run_suspect', 'all'),
  ('pgrelay.instance', 'seeded'), ('pgrelay.instance_backend', 'all'),      -- whose events are to be returned
  ('pgrelay.log', 'none'),                                                  -- its partitions have the rows; those of days are dumped as they are
  ('pgrelay.log_default', 'all'),
  ('pgrelay.armed', 'none'), ('pgrelay.rescan', 'none'), ('pgrelay.waiters_beat', 'none'),
  ('pgrelay.debounce_look', 'none'), ('pgrelay.debounce_beat', 'none'), ('pgrelay.expiry_beat', 'none'),   -- of Processors that run now
  ('pgrelay.schema_migration', 'none'), ('pgrelay.schema_module', 'none')   -- the extension's own version decides
