-- What a dump holds of the extension pg_relay_http; the rules are explained in extension/dump.sql of relay-sql. A dump holds the secrets
-- that requests are signed with. node says whose events are delivered: a copy delivers nothing until it is confirmed.
values
  ('pgrelay_http.node', 'all'), ('pgrelay_http.endpoint', 'all'), ('pgrelay_http.secret', 'all'), ('pgrelay_http.health', 'all'),
  ('pgrelay_http.attempts', 'all'), ('pgrelay_http.receipt', 'all')
