-- Who may do what; PUBLIC has nothing.
--   pgrelay_processor   receives events by HTTP
grant usage on schema pgrelay_http to pgrelay_processor;

grant execute on function
  pgrelay_http.receive_v1(text, text, text, timestamptz, interval), pgrelay_http.forget_receipts_v1(interval)
  to pgrelay_processor;
