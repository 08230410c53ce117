-- Pauses or resumes a view. Changes are captured all the same; a pause that lasts keeps its beginning.
create or replace function pgauto_mv.set_paused(p_mv_id bigint, p_paused boolean) returns void
language sql security definer set search_path = pg_catalog, pg_temp
as $$
  update pgauto_mv.mv m set paused_at = case when p_paused then coalesce(m.paused_at, pgrelay.clock_now()) end where m.id = p_mv_id
$$;
