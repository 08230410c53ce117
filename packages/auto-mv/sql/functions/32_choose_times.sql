-- The times that settings come to: a target with its share of a CPU, or refresh_lag, max_wait and cooldown, with the published
-- defaults where nothing is said. p_given: what the caller gave; p_new: that and what the view has already.
-- Error: PM045 both, or a share without a target.
create or replace function pgauto_mv.choose_times(p_new pgauto_mv.mv_settings, p_given pgauto_mv.mv_settings) returns pgauto_mv.mv_settings
language plpgsql immutable set search_path = pg_catalog, pg_temp
as $$
declare
  v_given text := case when p_given.refresh_lag is not null then 'p_refresh_lag' when p_given.max_wait is not null then 'p_max_wait'
    when p_given.cooldown is not null then 'p_cooldown' end;
begin
  if p_new.target_lag is not null and v_given is not null then
    raise exception using errcode = 'PM045', message = format('%s is given for a view whose target_lag of %s stands for it', v_given, p_new.target_lag),
      hint = 'Give p_target_lag, or p_refresh_lag, p_max_wait and p_cooldown. From a target back to these three: alter_mv(…, p_reset => array[''target_lag'']).';
  elsif p_new.target_lag is null and p_given.cpu_share is not null then
    raise exception using errcode = 'PM045', message = format('p_cpu_share of %s is given for a view without a target_lag', p_given.cpu_share),
      hint = 'The share bounds what a target may cost: give p_target_lag, too. Otherwise p_cooldown is the bound.';
  end if;
  if p_new.target_lag is not null then
    p_new.refresh_lag := null;
    p_new.max_wait := null;
    p_new.cooldown := null;
    p_new.cpu_share := coalesce(p_new.cpu_share, 0.25);
  else
    p_new.cpu_share := null;
  end if;
  p_new.refresh_lag := coalesce(p_new.refresh_lag, 0);
  p_new.max_wait := coalesce(p_new.max_wait, 0);
  p_new.cooldown := coalesce(p_new.cooldown, 2);
  return p_new;
end $$;
