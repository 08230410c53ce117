-- The findings about sources whose writes may go unnoticed though a trigger is there; see get_mv_problems.
create or replace function pgauto_mv.source_problems() returns table (code text, object text, evidence text, remedy text)
language sql volatile security definer set search_path = pg_catalog, pg_temp
as $$
  with watched as materialized (
    select w.id, w.relation, w.operation, pgauto_mv.relation_name(w.relation) as name,
      string_agg(format('%I.%I', m.schema_name, m.view_name), ', ' order by m.schema_name, m.view_name) filter (where not m.fire_on_replica) as views,
      string_agg(format('select pgauto_mv.alter_mv(%L::regclass, p_fire_on_replica => true);', format('%I.%I', m.schema_name, m.view_name)), ' '
        order by m.schema_name, m.view_name) filter (where not m.fire_on_replica) as watch_replication
    from pgauto_mv.watch w join pg_class c on c.oid = w.relation
    join pgauto_mv.view_watch d on d.watch_id = w.id join pgauto_mv.mv m on m.id = d.mv_id
    where w.operation <> 'REFRESH' group by w.id
  )
  select 'source_gated', coalesce(pgauto_mv.relation_name(g.source), format('%I.%I', g.schema_name, g.relation_name)),
      format('its triggers are off for a bulk load since %s, switched off by %I: the views over it are not refreshed', g.gated_at, g.gated_by),
      format('select pgauto_mv.ungate_source(%L); -- when what was loaded has committed', format('%I.%I', g.schema_name, g.relation_name))
    from pgauto_mv.gate g where g.relation = g.source
  union all
  select 'trigger_disabled', pgauto_mv.relation_name(x.relation), format('trigger %I, copied from %s, does not fire for %s: changes go unnoticed', t.name, w.name, w.operation),
      format('alter table %s enable trigger %I; -- repair then refreshes the views that watch it', pgauto_mv.relation_name(x.relation), t.name)
    from watched w cross join lateral pgauto_mv.with_children(w.relation) x cross join lateral pgauto_mv.relation_triggers(x.relation) t
    where w.operation ~ ' FOR EACH ROW$' and x.relation <> w.relation and t.watch_id = w.id and t.enabled not in ('O', 'A')
      and not pgauto_mv.is_gated_source(x.relation)
  union all
  select 'trigger_not_on_replica', w.name, format('no trigger for %s fires for what logical replication writes', w.operation),
      'select * from pgauto_mv.clean_mv(); -- as the owner of the table'
    from watched w where pgauto_mv.replica_missing(w.id, w.relation, w.operation) and exists (select from pgauto_mv.find_trigger(w.id, w.relation))
  union all
  select distinct 'replication_not_watched', w.name, format('a subscription writes it, which fires no trigger of %s', w.views),
      w.watch_replication || ' -- as the owner of the table'
    from watched w cross join lateral pgauto_mv.with_children(w.relation) x
    join pg_subscription_rel s on s.srrelid = x.relation where w.views is not null
  union all
  select 'writes_unnoticed', l.relation,
      format('rows were written for which no trigger fired, last seen at %s: by a session with session_replication_role = replica, or in transactions that were rolled back', max(l.at)),
      '-- the views were made dirty; alter them with p_fire_on_replica => true, as the owner of the table, to notice such rows at once'
    from pgauto_mv.log l
    where l.kind <> 'firing' and l.kind = 'repair' and l.at > pgrelay.clock_now() - interval '1 hour' and l.reason = 'written past its triggers'
    group by l.relation
  union all
  select 'triggers_bypassed', coalesce(quote_ident(pg_get_userbyid(nullif(s.setrole, 0))), 'every role'),
      'session_replication_role is set to replica, so that what its sessions write fires no trigger and goes unnoticed',
      '-- reset it, or alter the views with p_fire_on_replica => true'
    from pg_db_role_setting s
    where (s.setdatabase = 0 or s.setdatabase = (select d.oid from pg_database d where d.datname = current_database()))
      and 'session_replication_role=replica' = any (s.setconfig) and exists (select from watched w where w.views is not null)
$$;
