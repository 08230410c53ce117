-- Ends the gate of a table and makes every view over it dirty. Returns the relations whose triggers are to be switched on
-- again: those that no other gate holds. The state rows are locked before any table, so that a wait for a refresh keeps no
-- writer waiting; a refresh that began before then commits before, or fails and is tried again.
-- Errors: PM052 it is not gated, PM009 a refresh has been running for 5 s. Locks: the registry, the state rows.
create or replace function pgauto_mv.end_gate(p_source oid) returns setof oid
language plpgsql security definer set search_path = pg_catalog, pg_temp set lock_timeout = '5s'
as $$
declare
  v_ids bigint[];
  v_name text := coalesce(pgauto_mv.relation_name(p_source), p_source::text, 'NULL');
begin
  perform pgauto_mv.lock_registry();
  if not exists (select from pgauto_mv.gate g where g.source = p_source) then
    raise exception using errcode = 'PM052', message = format('%s is not gated', v_name),
      hint = 'get_mv_problems() shows what is, as source_gated.';
  end if;
  select array_agg(distinct d.mv_id) into v_ids from pgauto_mv.gate g
    join pgauto_mv.watch w on w.relation = g.relation join pgauto_mv.view_watch d on d.watch_id = w.id where g.source = p_source;
  perform from pgauto_mv.state s where s.mv_id = any (v_ids) order by s.mv_id for update;
  update pgauto_mv.state s set snap = null, snaps = null where s.mv_id = any (v_ids);
  insert into pgauto_mv.log (kind, mv_id, view_name, relation, reason)
    select 'repair', m.id, format('%I.%I', m.schema_name, m.view_name), v_name, 'a source was gated' from pgauto_mv.mv m where m.id = any (v_ids);
  -- What was written meanwhile is no news for notice_bypass_v1.
  delete from pgauto_mv.tally t using pgauto_mv.watch w, pgauto_mv.gate g where w.id = t.watch_id and g.relation = w.relation and g.source = p_source;
  return query
    with gone as (delete from pgauto_mv.gate g where g.source = p_source returning g.relation)
    select g.relation from gone g where not exists (select from pgauto_mv.gate o where o.relation = g.relation and o.source <> p_source);
exception when lock_not_available then
  raise exception using errcode = 'PM009', message = 'a refresh of a view over the table is running, and has been for 5 s',
    hint = 'Nothing has been changed: try again when it has ended.';
end $$;
