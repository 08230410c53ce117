-- What other times would have given: replays the changes that the log still has of a view (firings, and those it has yet to
-- serve) through the planner's rule, with refreshes as long as the last ones were on average.
--   p_refresh_lag, p_max_wait, p_cooldown   as in register_mv(); NULL: as the view has them
--   p_target_lag, p_cpu_share   instead: what would be solved for that target from these changes and the refreshes measured
--   p_window   how far back; firings are kept for a day by default
-- Returns one row: the window that there are changes for, the transactions in it, the refreshes that they would have brought
-- about, how long a transaction would have waited to be seen (on average and at most), which share of the time something
-- was missing, how long all the refreshes would have taken together, and which share of the time that is; and the times that it went by.
-- A transaction counts from its first statement, the only time that is recorded. Errors: PM004, PM008,
-- PM041 a share, PM045 times beside a target.
create or replace function pgauto_mv.simulate_mv(
  p_view regclass, p_refresh_lag numeric default null, p_max_wait numeric default null, p_cooldown numeric default null,
  p_window interval default interval '1 day', p_target_lag interval default null, p_cpu_share numeric default null,
  out since timestamptz, out till timestamptz, out transactions bigint, out refreshes bigint, out average_staleness interval,
  out longest_staleness interval, out stale_share numeric, out refreshing interval, out refreshing_share numeric,
  out refresh_lag numeric, out max_wait numeric, out cooldown numeric
)
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
declare
  v_id bigint := pgauto_mv.find_mv(p_view);
  v_mv pgauto_mv.mv;
  v_now timestamptz := pgrelay.clock_now();
  v_asked pgauto_mv.mv_settings;
  v_pauses real[];
  v_took interval;
  v_at timestamptz[];
  v_place bigint := 1;
  v_begin bigint;
  v_due timestamptz;
  v_done timestamptz;
  v_total interval := '0';
  v_stale interval := '0';
  v_stale_from timestamptz;
begin
  select m.* into v_mv from pgauto_mv.mv m where m.id = v_id;
  select f.refresh_lag, f.max_wait, f.cooldown into refresh_lag, max_wait, cooldown from pgauto_mv.freshness f where f.id = v_id;
  if p_target_lag is not null or p_cpu_share is not null then
    v_asked := row(p_refresh_lag, p_max_wait, p_cooldown, null, null, null, null, null, false, null, coalesce(p_target_lag, v_mv.target_lag), coalesce(p_cpu_share, v_mv.cpu_share))::pgauto_mv.mv_settings;
    v_asked := pgauto_mv.choose_times(v_asked, v_asked);
    perform pgauto_mv.check_settings(v_asked);
  end if;
  refresh_lag := coalesce(p_refresh_lag, refresh_lag);
  max_wait := coalesce(p_max_wait, max_wait);
  cooldown := coalesce(p_cooldown, cooldown);
  if least(refresh_lag, max_wait, cooldown) < 0 or greatest(refresh_lag, max_wait, cooldown) > 31536000 then
    raise exception using errcode = 'PM008', message = 'a time is not between 0 and a year', hint = 'Times are seconds, 0 or more.';
  end if;
  select avg(l.duration) into v_took from (
    select l.duration from pgauto_mv.log l where l.mv_id = v_mv.id and l.kind = 'attempt' and l.outcome = 'done' order by l.id desc limit 20) l;
  v_took := coalesce(v_took, '0');
  select array_agg(x.at order by x.at) into v_at from (
    select min(y.at) as at from (
      select c.xid, c.at from pgauto_mv.view_watch d join pgauto_mv.change c on c.watch_id = d.watch_id
        where d.mv_id = v_mv.id and c.at >= v_now - p_window
      union all
      select l.xid, l.at from pgauto_mv.log l
        where l.kind = 'firing' and l.at >= v_now - p_window and l.watch_id in (select d.watch_id from pgauto_mv.view_watch d where d.mv_id = v_mv.id)) y
    group by y.xid) x;
  transactions := coalesce(cardinality(v_at), 0);
  refreshes := 0;
  longest_staleness := '0';
  since := v_at[1];
  till := v_now;
  if v_asked.target_lag is not null then
    select array_agg(p.pause) into v_pauses from (              -- between looks of the planner, as it notes them
      select extract(epoch from l.at - lag(l.at) over (order by l.at))::real as pause
      from (select min(a) as at from unnest(v_at) a group by floor(extract(epoch from a) * 4)) l) p where p.pause is not null;
    select t.refresh_lag, t.max_wait, t.cooldown into refresh_lag, max_wait, cooldown
      from pgauto_mv.measured_refreshes(v_mv.id) m
      cross join lateral pgauto_mv.solve_times(extract(epoch from v_asked.target_lag), v_asked.cpu_share, m.duration, coalesce(m.unseen, 0.25), 0.05, v_pauses) t;
  end if;

  while v_place <= transactions loop
    v_begin := v_place;
    loop                              -- what comes before it is due puts it off
      v_due := pgrelay.due_at(v_at[v_begin], v_at[v_place], v_done, make_interval(secs => refresh_lag::double precision),
        make_interval(secs => max_wait::double precision), make_interval(secs => cooldown::double precision));
      v_due := greatest(v_due, v_done);
      exit when v_place = transactions or v_at[v_place + 1] > v_due;
      v_place := v_place + 1;
    end loop;
    v_done := v_due + v_took;         -- those that come meanwhile are for the next
    refreshes := refreshes + 1;
    for v_i in v_begin .. v_place loop
      v_total := v_total + (v_done - v_at[v_i]);
    end loop;
    longest_staleness := greatest(longest_staleness, v_done - v_at[v_begin]);
    v_stale := v_stale + (v_done - greatest(v_at[v_begin], v_stale_from));
    v_stale_from := v_done;
    v_place := v_place + 1;
  end loop;
  average_staleness := v_total / nullif(transactions, 0);
  refreshing := v_took * refreshes;
  stale_share := round((extract(epoch from v_stale) / nullif(extract(epoch from greatest(till, v_done) - since), 0))::numeric, 4);
  refreshing_share := round((extract(epoch from refreshing) / nullif(extract(epoch from greatest(till, v_done) - since), 0))::numeric, 4);
end $$;
