-- The ledger in figures.
select
  (select count(*)::integer from faults.event) as events,
  (select count(*)::integer from pgrelay.log) as "auditRows",
  (select count(*)::integer from faults.effect) as effects,
  (select count(*)::integer from pgrelay.log l where l.outcome = 'lost') as "lostAttempts",
  (select count(*)::integer from pgrelay.failed f where f.reason = 'quarantined') as quarantined,
  (select coalesce(sum(x.n - 1), 0)::integer from (
    select count(*) as n from faults.effect f where f.how = 'leased' group by f.event_id, f.attempt) x) as "leasedAgain"
