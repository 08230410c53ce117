-- What the last 20 refreshes of a view say of the next, in seconds: what it takes (D of solve_times), and what passes from when a
-- change is made to when it is seen (U). Each is the second longest of them, which is their p95: a single one that was slow
-- says nothing; of fewer than three, the longest. U is what root_lag has beyond lag: for a view over tables the planner's
-- interval, and how long writers keep their transactions open; for one that reads views, what those take from the same change.
create or replace function pgauto_mv.measured_refreshes(p_mv_id bigint, out measured integer, out duration numeric, out unseen numeric)
language sql stable set search_path = pg_catalog, pg_temp
as $$
  select count(l.duration)::integer,
    (array_agg(l.duration order by l.duration desc))[case when count(l.duration) > 2 then 2 else 1 end],
    (array_agg(l.unseen order by l.unseen desc) filter (where l.unseen is not null))[case when count(l.unseen) > 2 then 2 else 1 end]
  from (
    select extract(epoch from l.duration) as duration, case when l.root_lag < l.lag then 0 else extract(epoch from l.root_lag - l.lag) end as unseen from pgauto_mv.log l
    where l.mv_id = p_mv_id and l.kind = 'attempt' and l.outcome = 'done' order by l.id desc limit 20) l
$$;
