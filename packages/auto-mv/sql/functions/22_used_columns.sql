-- Which columns of each table (or materialized view) the query of a view uses, anywhere in it. Through a plain view: all that view uses. NULL with
-- the reason where that cannot be told: the whole row as a value, or a system column, which any UPDATE changes (the
-- catalog's dependencies do not tell of these, but the tree of the query does). '{}': only how many rows there are.
create or replace function pgauto_mv.used_columns(p_view oid) returns table (relation oid, columns smallint[], why text)
language sql stable rows 4 set search_path = pg_catalog, pg_temp set standard_conforming_strings = on
as $$
  with part as materialized (
    select r.classid, r.objid, coalesce(w.ev_action, p.prosqlbody)::text ~ ':varattno (0|-[0-9]+) ' as whole
    from pgauto_mv.reaches(p_view) r
    left join pg_rewrite w on r.classid = 'pg_rewrite'::regclass and w.oid = r.objid
    left join pg_proc p on r.classid = 'pg_proc'::regclass and p.oid = r.objid
    where r.classid in ('pg_rewrite'::regclass, 'pg_proc'::regclass)
  )
  select d.refobjid,
    case when not bool_or(coalesce(p.whole, false)) then
      coalesce(array_agg(distinct d.refobjsubid::smallint) filter (where d.refobjsubid > 0), '{}') end,
    case when bool_or(coalesce(p.whole, false)) then 'the query uses a whole row, or a system column' end
  from part p
  join pg_depend d on d.classid = p.classid and d.objid = p.objid and d.refclassid = 'pg_class'::regclass and d.deptype = 'n'
  join pg_class c on c.oid = d.refobjid and c.relkind in ('r', 'p', 'm', 'f') and c.oid <> p_view
  group by d.refobjid
$$;
