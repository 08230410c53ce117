-- The work of import_dirty_flag(), with the schemas in which the names of the views are looked up. Runs with the caller's rights.
create or replace function pgauto_mv.import_views(p_state oid, p_derived boolean, p_schemas name[])
returns table (action text, object text, statement text)
language plpgsql set search_path = pg_catalog, pg_temp set standard_conforming_strings = on
as $$
declare
  v_table text := pgauto_mv.relation_name(p_state);
  v_row record;
begin
  if v_table is null or not exists (select from pg_attribute a where a.attrelid = p_state and a.attname = 'view_name' and not a.attisdropped) then
    raise exception using errcode = 'PM090', message = format('%s is no control table of the dirty-flag pattern', coalesce(v_table, 'NULL')),
      hint = 'Give the table that has a row per view, with the view''s name in the column view_name.';
  end if;
  for v_row in select * from pgauto_mv.dirty_flag_views(p_state, p_schemas) loop
    object := v_row.name;
    if v_row.view is null then
      action := 'skipped';
      statement := '-- there is no materialized view of this name';
    elsif exists (select from pgauto_mv.freshness f where f.view = v_row.view) then
      action := 'registered already';
      statement := null;
    else
      object := pgauto_mv.relation_name(v_row.view);
      action := 'registered';
      if p_derived then
        statement := format('select pgauto_mv.register_mv(%L::regclass);', object);
        perform pgauto_mv.register_mv(v_row.view::regclass);
      else
        statement := (
          select format('select pgauto_mv.register_mv(p_mv_name => %L, p_mv_schema => %L, p_watch_tables => array[%s]::pgauto_mv.mv_watch_spec[]);', c.relname, n.nspname,
            (select string_agg(format('pgauto_mv.mv_watch(%L, %L)', w.name, w.events), ', ') from unnest(v_row.tables, v_row.events) w(name, events)))
          from pg_class c join pg_namespace n on n.oid = c.relnamespace where c.oid = v_row.view);
        perform pgauto_mv.register_mv(c.relname, n.nspname, array(select pgauto_mv.mv_watch(w.name, w.events) from unnest(v_row.tables, v_row.events) w(name, events)))
          from pg_class c join pg_namespace n on n.oid = c.relnamespace where c.oid = v_row.view;
      end if;
    end if;
    return next;
  end loop;

  action := 'for you to run';
  for object, statement in
    select 'trigger', format('drop trigger %I on %s;', t.tgname, pgauto_mv.relation_name(t.tgrelid)) from pgauto_mv.dirty_flag_triggers(p_state) t order by t.tgrelid, t.tgname
  loop
    return next;
  end loop;
  if to_regclass('cron.job') is not null then
    object := 'job';
    statement := format('select cron.unschedule(jobid) from cron.job where command ~ %L;',
      (select string_agg(p.proname, '|') from pg_proc p join pg_class c on c.oid = p_state where p.prokind = 'p' and p.prosrc ~ format('\m%s\M', c.relname)));
    return next;
  end if;
  for object, statement in
    select case p.prokind when 'p' then 'procedure' else 'function' end,
      format('drop %s %s;', case p.prokind when 'p' then 'procedure' else 'function' end, p.oid::regprocedure)
    from pg_proc p join pg_class c on c.oid = p_state join pg_namespace n on n.oid = p.pronamespace
    where p.prosrc ~ format('\m%s\M', c.relname) and n.nspname not in ('pgauto_mv', 'pg_catalog') order by p.prokind desc, p.oid
  loop
    return next;
  end loop;
  object := 'table';
  statement := format('drop table %s;', v_table);
  return next;
  object := 'view';
  statement := format('create view %s as select * from pgauto_mv.materialized_view_state;', v_table);
  return next;
end $$;
