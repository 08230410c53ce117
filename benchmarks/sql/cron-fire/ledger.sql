-- Occurrences that ran, by their effect; how many of them more than once; how many are missing of p_jobs jobs and p_seconds; and how
-- many events ended otherwise than once and well.
select (select count(*) from bench.ran)::integer as ran,
  (select count(*) from (select from bench.ran r group by r.job, r.planned having count(*) > 1) d)::integer as twice,
  ($1::integer * $2::integer - (select count(*) from (select distinct r.job, r.planned from bench.ran r) d))::integer as missing,
  (select count(*) from pgrelay.log l where l.outcome <> 'done')::integer as other
