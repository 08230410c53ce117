-- The watches that the caller asks for, checked: one row per relation and operation, as relation_watches() has them.
-- Table names come from qualify_watches. Runs with the caller's rights.
-- A materialized view is watched by its refreshes, whatever the events. Errors: PM005 no such table, PM006 nothing that
-- can have a trigger, PM007 no such event.
create or replace function pgauto_mv.check_watch_tables(p_watch_tables pgauto_mv.mv_watch_spec[])
returns table (relation oid, operation text)
language plpgsql stable set search_path = pg_catalog, pg_temp set standard_conforming_strings = on
as $$
declare
  v_spec pgauto_mv.mv_watch_spec;
  v_oid oid;
  v_kind "char";
  v_persistence "char";
  v_schema name;
  v_events text[];
  v_wrong text;
begin
  foreach v_spec in array coalesce(p_watch_tables, '{}') loop
    begin
      v_oid := pg_catalog.to_regclass(v_spec.table_name);
    exception when syntax_error or invalid_name or undefined_object or feature_not_supported then
      v_oid := null;
    end;
    if v_oid is null then
      raise exception using errcode = 'PM005', message = pg_catalog.format('there is no table %s', coalesce(v_spec.table_name, 'NULL')),
        hint = 'Give mv_watch() the name as SQL would read it: schema.table, with double quotes around a name that needs them.';
    end if;
    select pg_catalog.array_agg(distinct pg_catalog.upper(pg_catalog.btrim(e))) into v_events
      from pg_catalog.regexp_split_to_table(v_spec.events, ',|\sOR\s', 'i') e;
    select e into v_wrong from pg_catalog.unnest(v_events) e where e not in ('INSERT', 'UPDATE', 'DELETE', 'TRUNCATE') limit 1;
    if v_wrong is not null or v_events is null then
      raise exception using errcode = 'PM007', message = pg_catalog.format('%L is no event of a table', coalesce(v_wrong, v_spec.events, 'NULL')),
        hint = 'Events are INSERT, UPDATE, DELETE and TRUNCATE, with commas between them.';
    end if;
    select c.relkind, c.relpersistence, n.nspname into v_kind, v_persistence, v_schema
      from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace where c.oid = v_oid;
    if v_kind = 'm' then
      return query select v_oid, 'REFRESH'::text;
    elsif v_kind not in ('r', 'p') or v_persistence = 't' or v_schema in ('pg_catalog', 'information_schema') then
      raise exception using errcode = 'PM006', message = pg_catalog.format('%s cannot be watched: it is %s', pgauto_mv.relation_name(v_oid),
          case when v_kind = 'v' then 'a view' when v_kind = 'f' then 'a foreign table' when v_persistence = 't' then 'a temporary table'
            when v_kind in ('r', 'p') then 'a system catalog' else 'not a table' end),
        hint = case when v_kind = 'v' then 'Watch the tables it reads; register_mv(regclass) finds them.'
          else 'Leave it out, and call pgauto_mv.refresh_materialised_view_now() when it changes.' end;
    else
      return query select x.relation, x.operation from pgauto_mv.relation_watches(v_oid, v_events, null) x;
    end if;
  end loop;
end $$;
