-- Ends the refresh of a group that failed, after its transaction was rolled back: every member stays as dirty as it was. The
-- failure is that of p_culprit, the member whose statement it was (fail_refresh_v1); the others give their claims back. The
-- pause after it is the group's (group_rest). Parameters and result as fail_refresh_v1().
create or replace function pgauto_mv.fail_group_refresh_v1(
  p_mv_ids bigint[], p_epochs bigint[], p_source text, p_culprit bigint, p_mode text, p_sqlstate text, p_message text, p_detail text, p_hint text
) returns bigint
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
  v_at integer := coalesce(array_position(p_mv_ids, p_culprit), 1);
  v_retry bigint := pgauto_mv.fail_refresh_v1(p_mv_ids[v_at], p_epochs[v_at], p_source, p_mode, p_sqlstate, p_message, p_detail, p_hint);
  v_name text := (select format('%I.%I', m.schema_name, m.view_name) from pgauto_mv.mv m where m.id = p_mv_ids[v_at]);
begin
  perform pgauto_mv.release_refresh_v1(u.id, u.epoch, p_source, format('%s, of the same group, failed', v_name))
    from unnest(p_mv_ids, p_epochs) u(id, epoch) where u.id <> p_mv_ids[v_at];
  return v_retry;
end $$;
