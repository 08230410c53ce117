-- refresh_lag, max_wait and cooldown of a view that is to show every change within p_target at the cost of at most p_share
-- of a CPU. All in seconds; they go into due_at as any others.
--   p_duration   D, what a refresh takes; NULL: not measured, then the longest with which the target, or half of it, can be kept is assumed
--   p_unseen     U, from when a change is made to when the planner sees it: its interval, and what the views above take
--   p_delay      B, from when a refresh is due to when it begins
--   p_pauses     what passed between looks of the planner that saw changes
--
-- Share s: from the beginning of one refresh to that of the next pass at least D + cooldown, of which D is work (a refresh
-- counts as one busy CPU). D / (D + cooldown) <= s gives  cooldown = D (1/s - 1)  and a cycle of D / s.
-- Target T: a change is seen U after it was made, its refresh is due max_wait later at the latest, begins B after that, and
-- takes D: U + max_wait + B + D <= T gives  max_wait = T - U - B - D. One that just missed the snapshot of a refresh waits for
-- the whole cycle instead: U + D/s + B + D. So the target can be kept exactly when it is at least
--   reachable = U + B + D (1 + 1/s);  below that the cooldown wins over max_wait, as it always does, and the share is kept.
--
-- Until max_wait nothing has to be done, so refresh_lag only decides how many changes a refresh can bring together: as short as
-- it may be without making many more refreshes than the longest would. The longest (max_wait) ends a wait at each pause
-- that is longer than max_wait, and after each max_wait of activity; so many refreshes there are at least. A refresh_lag
-- of L ends it at each pause longer than L as well: a tenth more refreshes are allowed for, of the pauses that are shorter
-- than max_wait so many of the longest may end a wait, and L is twice the longest of the others. Bursts so end soon after their last
-- change, constant writes wait for max_wait, and a lone change, after which none comes for long, waits for nothing.
create or replace function pgauto_mv.solve_times(
  p_target numeric, p_share numeric, p_duration numeric, p_unseen numeric, p_delay numeric, p_pauses real[],
  out refresh_lag numeric, out max_wait numeric, out cooldown numeric, out reachable numeric
)
language plpgsql immutable parallel safe set search_path = pg_catalog, pg_temp
as $$
declare
  v_duration numeric := coalesce(p_duration, greatest(p_target - p_unseen - p_delay, p_target / 2) * p_share / (1 + p_share));
  v_more integer;
begin
  cooldown := trim_scale(least(ceil(v_duration * (1 / p_share - 1) * 1000) / 1000, 31536000));
  reachable := p_unseen + p_delay + v_duration * (1 + 1 / p_share);
  max_wait := trim_scale(greatest(floor((p_target - p_unseen - p_delay - v_duration) * 1000) / 1000, 0.001));     -- 0 would mean no maximum
  select floor(0.1 * (count(*) filter (where p > max_wait) + coalesce(sum(p) filter (where p <= max_wait), 0) / max_wait)) into v_more
    from (select u::numeric as p from unnest(p_pauses) u) u;
  select least(trim_scale(round(2 * u::numeric, 3)), max_wait) into refresh_lag
    from unnest(p_pauses) u where u::numeric <= max_wait order by u desc offset v_more limit 1;
  refresh_lag := coalesce(refresh_lag, 0);
end $$;
