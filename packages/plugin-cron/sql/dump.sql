-- What a dump holds of the extension pg_relay_cron; the rules are explained in extension/dump.sql of relay-sql.
values
  ('pgrelay_cron.job', 'all'), ('pgrelay_cron.job_id_seq', 'all'), ('pgrelay_cron.fire', 'all'), ('pgrelay_cron.miss', 'all'), ('pgrelay_cron.miss_id_seq', 'all')
