-- For the planner, of a view with a target: notes what passed since it last saw a change, and solves the times anew when a
-- refresh has ended since, or the target is another one; the other looks cost next to nothing. p_old is what the planner noted last
-- time, p_new what it notes now; returns p_new with both.
-- Measurements are smoothed. B is known of the refresh that has just ended only, so it falls by a tenth at most.
create or replace function pgauto_mv.keep_target(
  p_mv pgauto_mv.mv, p_state pgauto_mv.state, p_old pgauto_mv.observation, p_new pgauto_mv.observation
) returns pgauto_mv.observation
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  v_before pgauto_mv.solved_times := p_new.solved;
  v_found record;
  v_times record;
  v_duration numeric;
  v_unseen numeric;
  v_delay numeric;
begin
  if p_new.dirtied_at > p_old.dirtied_at then
    p_new.pauses := (extract(epoch from p_new.dirtied_at - p_old.dirtied_at)::real || p_new.pauses)[1:64];
  end if;
  if p_new.done_epoch is not distinct from p_old.done_epoch and v_before.target_lag = p_mv.target_lag and v_before.cpu_share = p_mv.cpu_share then
    return p_new;
  end if;
  v_found := pgauto_mv.measured_refreshes(p_mv.id);
  v_duration := pgauto_mv.smoothed(v_before.duration, coalesce(v_found.duration, extract(epoch from p_state.done_duration)));
  v_unseen := coalesce(pgauto_mv.smoothed(v_before.unseen, v_found.unseen), 0.25);
  v_delay := coalesce(greatest(v_before.delay * 0.9, pgauto_mv.smoothed(v_before.delay,
    case when p_state.epoch = p_state.done_epoch and p_state.claimed_due <= p_state.claimed_at then extract(epoch from p_state.claimed_at - p_state.claimed_due) end)), 0.05);
  v_times := pgauto_mv.solve_times(extract(epoch from p_mv.target_lag), p_mv.cpu_share, v_duration, v_unseen, v_delay, p_new.pauses);
  p_new.solved := row(p_mv.target_lag, p_mv.cpu_share, v_times.refresh_lag, v_times.max_wait, v_times.cooldown,
    v_duration, v_unseen, v_delay, v_found.measured)::pgauto_mv.solved_times;
  return p_new;
end $$;
