-- The watches that the query of a view asks for, and what it reads that cannot be watched. Returns one row per relation
-- with its operations (as the table watch has them; reason: why all columns of an UPDATE are watched, NULL when they are
-- not) or, where operations is NULL, one per object with the reason why nothing can watch it.
create or replace function pgauto_mv.derive_watches(p_view oid)
returns table (relation oid, operations text[], object text, reason text)
language sql stable rows 6 set search_path = pg_catalog, pg_temp
as $$
  select w.relation,
    array_agg(w.operation order by array_position(array['INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'REFRESH'], split_part(w.operation, ' ', 1)), w.operation),
    pgauto_mv.relation_name(w.relation), max(w.why)
  from pgauto_mv.wanted_watches(p_view) w group by w.relation
  union all
  select null, null, u.object, u.reason from pgauto_mv.unwatchable(p_view) u
$$;
