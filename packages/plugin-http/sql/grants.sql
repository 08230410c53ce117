-- Who may do what; PUBLIC has nothing, and nobody reads the tables with URLs, headers and secrets.
--   pgrelay_viewer      reads endpoints, attempts and problems
--   pgrelay_admin       registers, changes and drops endpoints, and confirms a copy of the database
--   pgrelay_processor   gets the endpoints with their secrets, writes attempts, and receives events by HTTP
grant usage on schema pgrelay_http to pgrelay_viewer, pgrelay_admin, pgrelay_processor;

grant select on pgrelay_http.endpoints, pgrelay_http.attempts to pgrelay_viewer;
grant execute on function pgrelay_http.get_http_problems(), pgrelay_http.is_held() to pgrelay_viewer;

grant execute on function
  pgrelay_http.register_endpoint(text, text, text, jsonb, jsonb, text[], interval, interval, interval, integer, interval[], text, integer, integer, boolean),
  pgrelay_http.alter_endpoint(text, text, text, jsonb, jsonb, text[], interval, interval, interval, integer, interval[], text, integer, integer),
  pgrelay_http.drop_endpoint(text, boolean), pgrelay_http.confirm_node()
  to pgrelay_admin;

grant execute on function
  pgrelay_http.enter_node_v1(), pgrelay_http.declare_endpoints_v1(jsonb, boolean), pgrelay_http.endpoints_v1(),
  pgrelay_http.report_endpoints_v1(text[], text[]), pgrelay_http.record_attempts_v1(jsonb, boolean), pgrelay_http.forget_attempts_v1(interval),
  pgrelay_http.receive_v1(text, text, text, timestamptz, interval), pgrelay_http.forget_receipts_v1(interval)
  to pgrelay_processor;
