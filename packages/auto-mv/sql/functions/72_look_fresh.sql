-- One look of a waiter that is told when to look again (NOTIFY pgauto_mv, sent by every refresh): whether a view holds
-- what a transaction did. Asks for the refresh, as wait_until_fresh() does; p_last takes that back.
-- Errors: PM004 not registered; PM011 and PM012 as wait_until_fresh(); PM017 the token is NULL.
create or replace function pgauto_mv.look_fresh(view regclass, token xid8, p_last boolean default false) returns boolean
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  v_mv_id bigint := pgauto_mv.find_mv(look_fresh.view);
  v_fresh boolean;
begin
  perform pgauto_mv.check_waiter(look_fresh.token);
  v_fresh := pgauto_mv.holds(v_mv_id, look_fresh.token);
  if v_fresh or p_last then
    perform pgauto_mv.post_wish(v_mv_id, look_fresh.token, true);
  elsif pg_visible_in_snapshot(look_fresh.token, pg_current_snapshot()) then
    perform pgauto_mv.post_wish(v_mv_id, look_fresh.token);
  end if;
  return v_fresh;
end $$;
