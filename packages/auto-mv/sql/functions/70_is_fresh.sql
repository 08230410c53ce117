-- Whether the contents of a view hold what a transaction did. p_token is pg_current_xact_id() of that transaction.
-- Exact: true only when the transaction had ended in every snapshot the contents came from, the view's own and those of
-- each materialized view it read. Also on a standby, since the snapshots travel with the contents. Error: PM004.
create or replace function pgauto_mv.is_fresh(view regclass, token xid8) returns boolean
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
declare
  v_fresh boolean;
begin
  select pgauto_mv.in_all(is_fresh.token, s.snaps) into v_fresh
    from pgauto_mv.mv m join pgauto_mv.state s on s.mv_id = m.id where m.view = is_fresh.view::oid;
  if v_fresh is null then
    if is_fresh.token is null then
      return null;
    end if;
    perform pgauto_mv.find_mv(is_fresh.view);
  end if;
  return v_fresh;
end $$;
