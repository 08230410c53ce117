-- Whether the contents of a view hold what a transaction did. p_token is pg_current_xact_id() of that transaction.
-- Exact: true only when the transaction had ended in every snapshot the contents came from, the view's own and those of
-- each materialized view it read. Also on a standby, since the snapshots travel with the contents. In a cluster that the
-- database was restored into, false for every token until the view has been refreshed there. Error: PM004.
create or replace function pgauto_mv.is_fresh(view regclass, token xid8) returns boolean
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
declare
  v_mv_id bigint := pgauto_mv.find_mv(is_fresh.view);
begin
  return case when is_fresh.token is not null then pgauto_mv.holds(v_mv_id, is_fresh.token) end;
end $$;
