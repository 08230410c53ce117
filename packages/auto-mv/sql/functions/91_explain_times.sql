-- For explain_mv(): which times a view has and where they come from, and how old changes were when it showed them.
create or replace function pgauto_mv.explain_times(p_mv_id bigint) returns table (topic text, object text, detail text)
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
  with mv as (
    select f.id, f.target_lag, f.cpu_share, f.refresh_lag, f.max_wait, f.cooldown, (o.solved).duration, (o.solved).unseen, (o.solved).delay, (o.solved).measured, (o.solved).max_wait is not null and f.target_lag is not null as is_solved,
      coalesce(pgauto_mv.relation_name(f.view), format('%I.%I', f.schema_name, f.view_name)) as name
    from pgauto_mv.freshness f join pgauto_mv.observation o on o.mv_id = f.id where f.id = p_mv_id
  ), done as (
    select l.root_lag, l.duration, l.at from pgauto_mv.log l where l.mv_id = p_mv_id and l.kind = 'attempt' and l.outcome = 'done' order by l.id desc limit 200
  ), changes as (
    select count(*) as n from (
      select c.xid from pgauto_mv.view_watch d join pgauto_mv.change c on c.watch_id = d.watch_id where d.mv_id = p_mv_id and c.at >= pgrelay.clock_now() - interval '1 h'
      union
      select l.xid from pgauto_mv.log l where l.kind = 'firing' and l.at >= pgrelay.clock_now() - interval '1 h'
        and l.watch_id in (select d.watch_id from pgauto_mv.view_watch d where d.mv_id = p_mv_id)) x
  )
  select 'times', x.name, x.detail from (
    select 0 as place, v.name, case when v.target_lag is null then 'explicit' else format('target %s, within a share of %s of a CPU', v.target_lag, v.cpu_share) end
        || case when v.target_lag is not null and not v.is_solved then ': not solved yet, the planner does that when it looks' else format(
          ': refresh_lag %s s, max_wait %s, cooldown %s s', v.refresh_lag, case when v.max_wait > 0 then v.max_wait || ' s' else 'none' end, v.cooldown) end as detail
    from mv v
    union all
    select 1, v.name, format('solved from: %s; a change is seen %s s after it was made; a refresh begins %s s after it was due; transactions in the last hour: %s',
        case when v.duration is null then 'no refresh yet' when v.measured > 2 then format('a refresh takes %s s, the second longest of the last %s', round(v.duration, 3), v.measured)
          else format('a refresh takes %s s', round(v.duration, 3)) end, round(v.unseen, 3), round(v.delay, 3), c.n)
      || format('; so the view can keep up with a target of %s s', round(r.reachable, 2))
    from mv v cross join changes c
    cross join lateral pgauto_mv.solve_times(extract(epoch from v.target_lag), v.cpu_share, v.duration, v.unseen, v.delay, null) r
    where v.is_solved
    union all
    select 2, v.name, format('achieved: changes were %s s old when it showed them in the middle, %s s in 95 %% of the last %s refreshes, %s s at most; these took %s %% of a CPU',
        d.middle, d.p95, d.n, d.longest, round(100 * d.took / nullif(d.span, 0), 1))
    from mv v cross join (
      select count(*) as n, round(extract(epoch from percentile_disc(0.5) within group (order by d.root_lag)), 2) as middle,
        round(extract(epoch from percentile_disc(0.95) within group (order by d.root_lag)), 2) as p95, round(extract(epoch from max(d.root_lag)), 2) as longest,
        extract(epoch from sum(d.duration)) as took, extract(epoch from pgrelay.clock_now() - min(d.at - d.duration)) as span
      from done d where d.root_lag is not null) d
    where d.n > 0) x
  order by x.place
$$;
