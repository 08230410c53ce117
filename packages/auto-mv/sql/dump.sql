-- What a dump holds of the extension pg_auto_mv; the rules are explained in extension/dump.sql of relay-sql.
values
  ('pgauto_mv.mv', 'all'), ('pgauto_mv.mv_id_seq', 'all'), ('pgauto_mv.watch', 'all'), ('pgauto_mv.watch_id_seq', 'all'),
  ('pgauto_mv.view_watch', 'all'), ('pgauto_mv.unwatched', 'all'), ('pgauto_mv.pending_trigger', 'all'), ('pgauto_mv.gate', 'all'),
  ('pgauto_mv.schedule', 'all'), ('pgauto_mv.sync', 'all'),
  ('pgauto_mv.change', 'all'), ('pgauto_mv.state', 'all'), ('pgauto_mv.observation', 'all'), ('pgauto_mv.failure', 'all'),
  ('pgauto_mv.verification', 'all'), ('pgauto_mv.incident', 'all'), ('pgauto_mv.incident_id_seq', 'all'),
  ('pgauto_mv.mv_group', 'all'), ('pgauto_mv.mv_group_id_seq', 'all'),
  ('pgauto_mv.log', 'all'), ('pgauto_mv.log_id_seq', 'all'),
  ('pgauto_mv.planner', 'none'), ('pgauto_mv.tally', 'none'), ('pgauto_mv.tally_look', 'none'),   -- what this server has counted
  ('pgauto_mv.planner_beat', 'none'), ('pgauto_mv.verifier', 'none')
union all
select 'pgauto_mv.wish_' || n, 'none' from generate_series(0, 63) n            -- of sessions that wait now
