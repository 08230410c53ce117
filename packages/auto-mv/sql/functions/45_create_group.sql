-- Makes a group of registered views: from now on they are refreshed together, in one REPEATABLE READ transaction, so that a
-- reader in one sees all of them as of the same instant. A member that reads another is refreshed after it.
--   p_name          the name of the group
--   p_views         the members, two or more; each registered, and in no other group
--   p_plain         true: not CONCURRENTLY, even where each member allows it: readers wait for the refresh
--   p_max_duration  how long that transaction may take; longer, and get_mv_problems() says what each member cost
-- The group is refreshed when one of its members is due, and not sooner after the last time than the longest cooldown among them.
-- Returns the group's id. Errors: PM004, PM008, PM009, PM040, PM080, PM120 the name, PM122 … PM124 the members.
create or replace function pgauto_mv.create_group(
  p_name text, p_views regclass[], p_plain boolean default false, p_max_duration interval default interval '60 s'
) returns bigint
language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
  v_id bigint := pgauto_mv.put_group(p_name, p_plain, p_max_duration, true);
begin
  perform pgauto_mv.find_mv(coalesce(v::oid, 0)) from unnest(p_views) v;
  perform pgauto_mv.check_refreshers(v) from unnest(p_views) v;
  perform pgauto_mv.set_group_views(v_id, p_views::oid[]);
  return v_id;
end $$;
