-- Whether a source of the view is gated (gate_source): then nobody knows what changes, so the view counts as dirty.
create or replace function pgauto_mv.is_gated(p_mv_id bigint) returns boolean
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
  select exists (
    select from pgauto_mv.gate g join pgauto_mv.watch w on w.relation = g.relation join pgauto_mv.view_watch d on d.watch_id = w.id
    where d.mv_id = p_mv_id)
$$;
