-- Reconciles the registry with the catalog: follows views and tables that were renamed, moved, or dropped and made again,
-- partitions that came and went, plain views and functions that were replaced; and ends the registration of a view that has
-- been gone for p_forget_after. What it changes makes the views concerned dirty. It runs by itself in the relay (schedule_sync).
-- Triggers are not its business, since it needs no right on a table: those of a new table are put on by a Processor, or clean_mv().
-- Returns one row per thing done or found. Errors: PM009 a registration, or a refresh, is in the way for 5 s.
create or replace function pgauto_mv.sync_mv(p_forget_after interval default interval '1 day') returns table (action text, object text)
language plpgsql security definer set search_path = pg_catalog, pg_temp set lock_timeout = '5s'
as $$
declare
  v_found record;
  v_id bigint;
begin
  perform pgauto_mv.lock_registry();
  return query
    select 'renamed'::text, format('%I.%I is %s now', m.schema_name, m.view_name, pgauto_mv.relation_name(m.view)) from pgauto_mv.mv m
      where format('%I.%I', m.schema_name, m.view_name) <> pgauto_mv.relation_name(m.view)
    union
    select 'renamed', format('%I.%I is %s now', w.schema_name, w.relation_name, pgauto_mv.relation_name(w.relation)) from pgauto_mv.watch w
      where format('%I.%I', w.schema_name, w.relation_name) <> pgauto_mv.relation_name(w.relation);
  perform pgauto_mv.keep_names_v1();

  for v_found in select r.mv_id, r.view from pgauto_mv.recreated_views() r loop
    perform pgauto_mv.follow_view(v_found.mv_id, v_found.view);
    return query select 'view made again'::text, pgauto_mv.relation_name(v_found.view);
  end loop;
  for v_found in select r.watch_id, r.relation from pgauto_mv.recreated_sources() r loop
    perform pgauto_mv.follow_source(v_found.watch_id, v_found.relation);
    return query select 'source made again'::text, pgauto_mv.relation_name(v_found.relation);
  end loop;
  return query
    select distinct 'no longer watched'::text, format('%I.%I', w.schema_name, w.relation_name)
    from pgauto_mv.gone_watches() g join pgauto_mv.watch w on w.id = g.watch_id;
  perform pgauto_mv.unlink_gone_v1();

  for v_id in select distinct u.mv_id from pgauto_mv.unlinked_sources() u order by 1 loop
    begin
      for v_found in select l.watch_id, l.relation, l.operation from pgauto_mv.link_sources_v1(v_id) l loop
        if v_found.operation <> 'REFRESH' and not exists (select from pgauto_mv.find_trigger(v_found.watch_id, v_found.relation)) then
          perform pgauto_mv.note_pending(v_found.watch_id);
        end if;
        return query select 'now watched'::text, format('%s: %s', pgauto_mv.relation_name(v_found.relation), v_found.operation);
      end loop;
    exception when sqlstate 'PM080' then
      return query select 'in a circle'::text, (select format('%I.%I', m.schema_name, m.view_name) from pgauto_mv.mv m where m.id = v_id);
    end;
  end loop;
  loop
    v_id := pgauto_mv.invalidate_changed_v1();
    exit when v_id is null;
    return query select 'to be refreshed'::text, format('%I.%I', m.schema_name, m.view_name) from pgauto_mv.mv m where m.id = v_id;
  end loop;
  return query
    select 'unique index lost'::text, format('%I.%I', m.schema_name, m.view_name) from pgauto_mv.mv m join pgauto_mv.state s on s.mv_id = m.id
    where s.unique_index is not null and exists (select from pg_class c where c.oid = m.view) and pgauto_mv.key_index(m.view) is null;
  return query select f.action, f.object from pgauto_mv.forget_gone(p_forget_after) f;
  update pgauto_mv.sync s set ran_at = pgrelay.clock_now(), failed_sqlstate = null;
exception when lock_not_available then
  raise exception using errcode = 'PM009', message = 'a refresh of a view that has to be followed is running, and has been for 5 s',
    hint = 'Nothing has been changed: try again when it has ended.';
end $$;
