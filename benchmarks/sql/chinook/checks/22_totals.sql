-- What the relay did: refreshes, failed attempts, dead letters, findings other than notes on what cannot be watched.
create or replace function soak.totals() returns table (refreshes integer, failures integer, dead integer, problems text[])
language sql volatile
as $$
  select (select count(*) from pgauto_mv.log l where l.kind = 'attempt' and l.outcome = 'done'),
    (select count(*) from pgauto_mv.log l where l.kind = 'attempt' and l.outcome = 'failed'),
    (select count(*) from pgrelay.failed),
    array(select p.code || ': ' || p.object from pgauto_mv.get_mv_problems() p union all select p.code || ': ' || p.object from pgrelay.get_problems() p)
$$;
