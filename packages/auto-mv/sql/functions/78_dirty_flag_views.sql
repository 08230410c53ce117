-- What a control table of the dirty-flag pattern knows: one row per view named in it, with the materialized view that has
-- this name in the first of p_schemas that has one (NULL: there is none), and the tables and events of its triggers, which
-- call a function that writes the control table with the view's name as the first argument.
create or replace function pgauto_mv.dirty_flag_views(p_state oid, p_schemas name[])
returns table (name text, view oid, tables text[], events text[])
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
begin
  return query execute format($query$
    select f.view_name::text, v.oid, t.tables, t.events
    from %s f
    left join lateral (
      select c.oid from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where c.relkind = 'm' and (c.relname = f.view_name and n.nspname = any ($2) or format('%%s.%%s', n.nspname, c.relname) = f.view_name)
      order by array_position($2, n.nspname) nulls last limit 1) v on true
    left join lateral (
      select array_agg(pgauto_mv.relation_name(g.tgrelid) order by g.tgrelid) as tables, array_agg(g.events order by g.tgrelid) as events
      from (
        select g.tgrelid, concat_ws(',', case when g.tgtype & 4 <> 0 then 'INSERT' end, case when g.tgtype & 8 <> 0 then 'DELETE' end,
          case when g.tgtype & 16 <> 0 then 'UPDATE' end, case when g.tgtype & 32 <> 0 then 'TRUNCATE' end) as events
        from pgauto_mv.dirty_flag_triggers($1) g where g.view_name = f.view_name::text) g) t on true
    order by 1$query$, pgauto_mv.relation_name(p_state)) using p_state, p_schemas;
end $$;
