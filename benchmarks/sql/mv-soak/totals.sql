-- What came of it: verifications and the incidents they made, comparisons inside refreshes with the views that failed, refreshes and what became of other attempts.
select (select count(*)::integer from soak.inside) as inside,
  array(select format('%s differs from its query in %s rows, inside its refresh', m.view_name, i.differing)
    from soak.inside i join pgauto_mv.mv m on m.id = i.mv_id where i.differing <> 0) as wrong,
  (select count(*)::integer from pgauto_mv.log l where l.kind = 'attempt' and l.outcome = 'done') as refreshes,
  (select count(*)::integer from pgauto_mv.log l where l.kind = 'attempt' and l.outcome = 'done' and l.source = 'now') as asked,
  (select count(*)::integer from pgauto_mv.log l where l.kind = 'attempt' and l.outcome = 'failed') as failed,
  (select count(*)::integer from pgauto_mv.log l where l.kind = 'skip' and l.reason = 'in progress') as skipped,
  (select coalesce(sum(v.comparisons), 0)::integer from pgauto_mv.verification v) as verified,
  array(select format('verification found %s rows missing and %s too many in %s: %s', i.rows_missing, i.rows_surplus, i.view_name, i.cause)
    from pgauto_mv.incidents i order by i.id) as incidents
