-- Gives the claims of a group back without blaming a view; see release_refresh_v1. Returns whether one was still ours.
create or replace function pgauto_mv.release_group_refresh_v1(p_mv_ids bigint[], p_epochs bigint[], p_source text, p_reason text) returns boolean
language sql security definer set search_path = pg_catalog, pg_temp
as $$
  select coalesce(bool_or(pgauto_mv.release_refresh_v1(u.id, u.epoch, p_source, p_reason)), false) from unnest(p_mv_ids, p_epochs) u(id, epoch)
$$;
