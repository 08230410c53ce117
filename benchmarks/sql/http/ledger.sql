-- What was written down: ends of events, of which done, and attempts, of which with 2xx.
select (select count(*) from pgrelay.log)::integer as ended, (select count(*) from pgrelay.log l where l.outcome = 'done')::integer as done,
  (select count(*) from pgrelay_http.attempts)::integer as attempts, (select count(*) from pgrelay_http.attempts a where a.code is null)::integer as good
