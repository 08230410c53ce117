-- The id of a group. Error: PM121 there is none of this name.
create or replace function pgauto_mv.find_group(p_name text) returns bigint
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
declare
  v_id bigint := (select g.id from pgauto_mv.mv_group g where g.name = p_name);
begin
  if v_id is null then
    raise exception using errcode = 'PM121', message = format('there is no group %s', coalesce(quote_literal(p_name), 'NULL')),
      hint = 'The view pgauto_mv.groups has those there are; pgauto_mv.create_group() makes one.';
  end if;
  return v_id;
end $$;
