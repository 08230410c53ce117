-- Why the contents of a view may differ from its query though no change was noted: the first that applies, as a text for people.
create or replace function pgauto_mv.suspect_cause(p_mv_id bigint) returns text
language sql volatile set search_path = pg_catalog, pg_temp
as $$
  with mv as (
    select m.id, m.view, s.done_at from pgauto_mv.mv m join pgauto_mv.state s on s.mv_id = m.id where m.id = p_mv_id
  ), watched as (
    select w.id, w.relation, w.operation, coalesce(pgauto_mv.relation_name(w.relation), format('%I.%I', w.schema_name, w.relation_name)) as name, t.name as trigger, t.firing
    from pgauto_mv.view_watch d join pgauto_mv.watch w on w.id = d.watch_id and w.operation <> 'REFRESH'
    left join lateral pgauto_mv.find_trigger(w.id, w.relation) t on true where d.mv_id = p_mv_id
  )
  select coalesce(
    (select format('trigger disabled: %s on %s does not fire for %s', w.trigger, w.name, w.operation) from watched w where not w.firing order by w.id limit 1),
    (select format('trigger missing: none on %s for %s', w.name, w.operation) from watched w where w.trigger is null order by w.id limit 1),
    (select format('written past the triggers: the server counts rows in %s that no trigger saw (session_replication_role = replica%s)', w.name,
        case when exists (select from pg_subscription_rel r where r.srrelid = w.relation) then ', or logical replication without fire_on_replica' else '' end)
      from watched w cross join mv v
      where not pgauto_mv.has_fired(w.relation, v.done_at) and exists (
        select from pgauto_mv.tally t where t.watch_id = w.id and t.written < case split_part(w.operation, ' ', 1)
          when 'INSERT' then pg_stat_get_tuples_inserted(w.relation) when 'UPDATE' then pg_stat_get_tuples_updated(w.relation) else pg_stat_get_tuples_deleted(w.relation) end)
      order by w.id limit 1),
    (select format('a function that is declared IMMUTABLE and may not be: %s', p.oid::regprocedure) from mv v
      cross join lateral pgauto_mv.reaches(v.view) r join pg_proc p on r.classid = 'pg_proc'::regclass and p.oid = r.objid
      where p.prosqlbody is null and p.prokind = 'f' order by p.oid limit 1),
    'unknown: a write that no trigger saw (session_replication_role = replica, a trigger that was off), or a REFRESH by hand in another session''s settings or in an old snapshot')
$$;
