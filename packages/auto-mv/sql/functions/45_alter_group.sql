-- Changes a group: what is NULL stays as it is. p_views are the members from now on, and none but these.
-- Errors: PM121 no such group; and as create_group().
create or replace function pgauto_mv.alter_group(
  p_name text, p_views regclass[] default null, p_plain boolean default null, p_max_duration interval default null
) returns void
language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
  v_id bigint := pgauto_mv.find_group(p_name);
begin
  perform pgauto_mv.put_group(p_name, p_plain, p_max_duration, false);
  if p_views is not null then
    perform pgauto_mv.find_mv(coalesce(v::oid, 0)) from unnest(p_views) v;
    perform pgauto_mv.check_refreshers(v) from unnest(p_views) v;
    perform pgauto_mv.set_group_views(v_id, p_views::oid[]);
  elsif p_plain is false then                            -- what the members allow counts again
    perform pgauto_mv.set_group_views(v_id, array(select m.view from pgauto_mv.group_members(v_id) m));
  end if;
end $$;
