-- A fingerprint of what decides, beside the rows, whether the contents of a view are right: the rules of all plain views
-- and the bodies of all functions its query goes through; which partitions and children its tables have; and the triggers
-- of its watches with the transaction that wrote each last (so that a trigger which was off for a moment differs from one
-- that never was). From catalog rows alone: it is as old as the snapshot of the calling statement, and never waits for a table.
create or replace function pgauto_mv.basis(p_mv_id bigint, p_view oid) returns text
language sql stable set search_path = pg_catalog, pg_temp
as $$
  with reached as materialized (
    select r.classid, r.objid from pgauto_mv.reaches(p_view) r
  ), watched as (
    select w.id, x.relation from pgauto_mv.view_watch d
    join pgauto_mv.watch w on w.id = d.watch_id
    cross join lateral (
      select w.relation
      union
      select x.relation from pg_class c cross join lateral pgauto_mv.with_children(c.oid) x      -- copied to partitions
      where c.oid = w.relation and c.relhassubclass and w.operation ~ ' FOR EACH ROW$') x
    where d.mv_id = p_mv_id and w.operation <> 'REFRESH'
  )
  select md5(string_agg(x.part, ' ' order by x.part)) from (
    select format('view %s %s', w.ev_class, md5(w.ev_action::text)) from reached r
      join pg_rewrite w on r.classid = 'pg_rewrite'::regclass and w.oid = r.objid where w.ev_class <> p_view
    union all
    select format('function %s %s', p.oid, md5(p.prosrc || coalesce(p.prosqlbody::text, ''))) from reached r
      join pg_proc p on r.classid = 'pg_proc'::regclass and p.oid = r.objid
    union all
    select distinct format('relation %s', x.relation) from reached r
      join pg_class c on r.classid = 'pg_class'::regclass and c.oid = r.objid and c.relkind in ('r', 'p') and c.relhassubclass
      cross join lateral pgauto_mv.with_children(c.oid) x where x.relation <> c.oid
    union all
    select format('trigger %s %s %s', t.oid, t.xmin, t.tgenabled) from watched w
      join pg_trigger t on t.tgrelid = w.relation
        and t.tgfoid in (to_regprocedure('pgauto_mv.capture()'), to_regprocedure('pgauto_mv.capture_once()'))
        and pgauto_mv.trigger_watch(t.tgargs) = w.id) x(part)
$$;
