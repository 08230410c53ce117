-- Notes whether the watches of a view come from its query, and forgets what was found unwatchable in it before.
create or replace function pgauto_mv.set_derived(p_mv_id bigint, p_derived boolean) returns void
language sql security definer set search_path = pg_catalog, pg_temp
as $$
  update pgauto_mv.mv m set derived = p_derived where m.id = p_mv_id and m.derived <> p_derived;
  delete from pgauto_mv.unwatched u where u.mv_id = p_mv_id;
$$;
