-- A fingerprint of what decides, beside the rows, whether the contents of a view are right: the rules of all plain views
-- its query goes through, and the triggers of its watches with the transaction that wrote each last (so that a trigger
-- which was off for a moment differs from one that never was). From catalog rows alone: it is as old as the snapshot of
-- the calling statement, and never waits for a table. NULL when there is neither view nor trigger.
create or replace function pgauto_mv.basis(p_mv_id bigint, p_view oid) returns text
language sql stable set search_path = pg_catalog, pg_temp set standard_conforming_strings = on
as $$
  with recursive plain (oid) as (
    select p_view
    union
    select c.oid from plain v join pg_rewrite w on w.ev_class = v.oid
    join pg_depend d on d.classid = 'pg_rewrite'::regclass and d.objid = w.oid and d.refclassid = 'pg_class'::regclass
    join pg_class c on c.oid = d.refobjid and c.relkind = 'v'
  )
  select md5(string_agg(x.part, ' ' order by x.part)) from (
    select format('view %s %s', w.ev_class, md5(w.ev_action::text)) from plain v
      join pg_rewrite w on w.ev_class = v.oid where v.oid <> p_view
    union all
    select format('trigger %s %s %s', t.oid, t.xmin, t.tgenabled) from pgauto_mv.view_watch d
      join pgauto_mv.watch w on w.id = d.watch_id
      join pg_trigger t on t.tgrelid = w.relation and t.tgfoid = 'pgauto_mv.capture()'::regprocedure
        and t.tgargs = convert_to(w.id::text, 'UTF8') || '\x00'::bytea
      where d.mv_id = p_mv_id) x(part)
$$;
