-- Whether any watch of a table, or of a parent of it, has fired since then, as far as change log and firings tell.
create or replace function pgauto_mv.has_fired(p_relation oid, p_since timestamptz) returns boolean
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
  with recursive above (relation) as (
    select p_relation
    union
    select i.inhparent from above a join pg_inherits i on i.inhrelid = a.relation
  )
  select exists (select from above a join pgauto_mv.watch w on w.relation = a.relation join pgauto_mv.change c on c.watch_id = w.id)
    or exists (select from pgauto_mv.log l join pgauto_mv.watch w on w.id = l.watch_id join above a on a.relation = w.relation
      where l.kind = 'firing' and l.at > p_since)
$$;
