-- The findings about views, watches and refreshes; see get_mv_problems.
create or replace function pgauto_mv.registry_problems() returns table (code text, object text, evidence text, remedy text)
language sql volatile security definer set search_path = pg_catalog, pg_temp
as $$
  with mv as (
    select m.*, c.oid is not null as there, coalesce(c.relispopulated, true) as populated,
      coalesce(pgauto_mv.relation_name(m.view), format('%I.%I', m.schema_name, m.view_name)) as name
    from pgauto_mv.mv m left join pg_class c on c.oid = m.view
  ), watch as (
    select w.*, coalesce(pgauto_mv.relation_name(w.relation), format('%I.%I', w.schema_name, w.relation_name)) as name,
      exists (select from pg_class c where c.oid = w.relation) as there, t.name as trigger, t.firing, pgauto_mv.is_gated_source(w.relation) as gated
    from pgauto_mv.watch w left join lateral pgauto_mv.find_trigger(w.id, w.relation) t on w.operation <> 'REFRESH'
  )
  select 'view_gone', v.name, 'the registered view does not exist any more',
      format('select pgauto_mv.unregister_mv(%L, %L); -- or make it again: sync_mv() follows it by its name', v.view_name, v.schema_name)
    from mv v where not v.there and v.node_id is not distinct from (select pgauto_mv.node_here())
  union all
  select 'table_gone', w.name, format('watched for %s by %s', w.operation, string_agg(v.name, ', ')),
      string_agg(distinct case when d.chained then format('select pgauto_mv.alter_mv(%L, %L, p_reset => array[''chain'']);', v.view_name, v.schema_name)
        else format('select pgauto_mv.alter_mv(%L, %L, p_reset => array[''watch_tables'']);', v.view_name, v.schema_name) end, ' ')
        || ' -- or make it again: sync_mv() follows it by its name'
    from watch w join pgauto_mv.view_watch d on d.watch_id = w.id join mv v on v.id = d.mv_id where not w.there and v.there and v.node_id is not distinct from (select pgauto_mv.node_here())
    group by w.name, w.operation
  union all
  select 'restored', v.name, 'registered in another cluster or database: nothing that was recorded of its contents holds here',
      '-- start a Processor with the plugin autoMv(): it finds views and tables by their names and refreshes everything'
    from mv v where v.node_id is distinct from (select pgauto_mv.node_here())
  union all
  select 'not_populated', v.name, 'the view has no contents: reading it is an error',
      format('select pgauto_mv.refresh_materialised_view_now(%L, %L); -- any refresh fills it', v.view_name, v.schema_name)
    from mv v where v.there and not v.populated
  union all
  select p.* from pgauto_mv.index_problems() p
  union all
  select 'trigger_missing', w.name, format('no trigger pgauto_mv_%s for %s: changes go unnoticed', w.id, w.operation),
      'select * from pgauto_mv.clean_mv(); -- as the owner of the table'
    from watch w where w.operation <> 'REFRESH' and w.there and w.trigger is null
      and to_regprocedure('pgauto_mv.capture()') is not null and to_regprocedure('pgauto_mv.capture_once()') is not null
      and not exists (select from pgauto_mv.pending_trigger p where p.watch_id = w.id)
  union all
  select 'installing', v.name, format('not refreshed until the triggers for %s are on %s, since %s', p.operations, p.name, p.since)
        || case when p.code is not null then format('; %I could not put them on: %s', p.role, p.code) else '' end,
      case when p.missing is not null then p.missing || ' -- as the owner of the table; a Processor then puts them on'
        when p.code = 'PM006' then format('select pgauto_mv.alter_mv(%L, %L, p_watch_tables => ''{}''); -- or other watches: the table takes no such trigger', v.view_name, v.schema_name)
        else 'select * from pgauto_mv.clean_mv(); -- as one with TRIGGER on it, or a Processor puts them on: when the transactions that write the table have ended' end
    from (
      select d.mv_id, w.name, w.relation, string_agg(w.operation, ', ' order by w.operation) as operations, min(t.since) as since,
        max(t.refused_code) as code, max(t.refused_role::text) as role,
        pgauto_mv.trigger_grant(min(r.oid::bigint)::oid, w.relation) as missing
      from pgauto_mv.pending_trigger t join watch w on w.id = t.watch_id join pgauto_mv.view_watch d on d.watch_id = w.id
      left join pg_roles r on r.rolname = t.refused_role where w.there group by d.mv_id, w.name, w.relation) p
    join mv v on v.id = p.mv_id where v.there
  union all
  select 'refresh_not_allowed', v.name, format('the Processor''s login %I may not refresh it', r.rolname), g.missing || ' -- as one who may'
    from mv v cross join pgauto_mv.serving_logins() s(login) join pg_roles r on r.oid = s.login
    cross join lateral (select pgauto_mv.refresh_grant(s.login, v.view)) g(missing)
    where v.there and g.missing is not null
  union all
  select 'trigger_disabled', w.name, format('trigger %I does not fire for %s: changes go unnoticed', w.trigger, w.operation),
      format('alter table %s enable trigger %I; -- repair then refreshes the views that watch it', w.name, w.trigger)
    from watch w where w.there and not w.firing and not w.gated
  union all
  select p.* from pgauto_mv.source_problems() p
  union all
  select 'contents_in_doubt', v.name, 'since the last refresh what it reads was replaced, a partition came or went, or a trigger it relies on was off',
      format('select pgauto_mv.refresh_materialised_view_now(%L, %L); -- or wait for a Processor with repair on', v.view_name, v.schema_name)
    from mv v join pgauto_mv.state s on s.mv_id = v.id
    where v.there and s.snap is not null and not pgauto_mv.is_gated(v.id) and s.basis is distinct from pgauto_mv.basis(v.id, v.view)
  union all
  select 'trigger_renamed', w.name, format('trigger %I should be pgauto_mv_%s', w.trigger, w.id), 'select * from pgauto_mv.clean_mv(); -- as the owner of the table'
    from watch w where w.there and w.trigger <> 'pgauto_mv_' || w.id
  union all
  select 'not_watched', v.name, format('reads %s: %s', u.object, u.reason),
      format('select pgauto_mv.alter_mv(%L, %L, p_safety_refresh => ''1 hour''); -- or a schedule; or give the query another source', v.view_name, v.schema_name)
    from pgauto_mv.unwatched u join mv v on v.id = u.mv_id where v.there and v.schedule is null and v.safety_refresh is null
  union all
  select distinct 'source_not_watched', v.name, format('reads %s, which it does not watch', pgauto_mv.relation_name(u.relation))
        || case when exists (select from pgauto_mv.view_watch l join pgauto_mv.watch w on w.id = l.watch_id
          where l.mv_id = v.id and w.relation = u.relation) then ' enough' else '' end,
      'select * from pgauto_mv.clean_mv(); -- as the owner of the table, or wait for a Processor with repair on'
    from pgauto_mv.unlinked_sources() u join mv v on v.id = u.mv_id
  union all
  select 'source_not_registered', v.name, format('reads the materialized view %s, whose freshness nobody knows', pgauto_mv.relation_name(b.relation)),
      format('select pgauto_mv.register_mv(%L::regclass);', pgauto_mv.relation_name(b.relation))
    from mv v cross join lateral pgauto_mv.read_by(v.view) b
    where v.there and b.kind = 'm' and not exists (select from pgauto_mv.mv u where u.view = b.relation)
  union all
  select 'chain_broken', v.name, format('is chained behind %s, which is not registered, so nobody knows of its refreshes', w.name),
      format('select pgauto_mv.register_mv(%L::regclass); -- or chain the view behind others with alter_mv()', w.name)
    from watch w join pgauto_mv.view_watch d on d.watch_id = w.id and d.chained join mv v on v.id = d.mv_id
    where w.there and v.there and not exists (select from pgauto_mv.mv u where u.view = w.relation)
  union all
  select case s.failed_code when 'PM015' then 'duplicate_rows' when 'PM061' then 'refresh_gives_way'
        when 'PM062' then 'restricted_search_path' else 'refresh_failing' end, v.name,
      format('failed %s times in a row, last at %s with %s', s.failures, s.failed_at, coalesce(s.failed_code || ', ', '') || coalesce(s.failed_sqlstate, 'a lost connection')),
      case when s.failed_code = 'PM015' then format('drop index %s; select pgauto_mv.refresh_materialised_view_now(%L, %L); '
            '-- it is no key: the query gives rows that are equal in it. Or change the query; ', pgauto_mv.key_index(v.view)::regclass, v.view_name, v.schema_name)
          when s.failed_code = 'PM061' then '-- others waited for it: DDL on what it reads or, where it is not CONCURRENTLY, its readers; let the DDL end, give the view a unique index, or the Processor a longer giveWayAfterMs; '
          when s.failed_code = 'PM062' then coalesce((select string_agg(f.remedy, ' ') from pgauto_mv.unpinned_functions(v.view) f), '')
            || ' -- a refresh runs with search_path = pg_catalog, pg_temp, in which these functions must find what they use; or name the schemas in their bodies; '
          when s.failed_sqlstate = '42501' then '-- the Processor''s login must own the view or (PostgreSQL 17 and later) have MAINTAIN on it; '
          when s.failed_sqlstate = '55P03' then '-- somebody holds the view or a table of it: give it a unique index, or a longer p_lock_timeout; '
          when s.failed_sqlstate = '57014' then format('select pgauto_mv.alter_mv(%L, %L, p_statement_timeout => %L); -- it ran into its statement timeout; ', v.view_name, v.schema_name,
            greatest(v.statement_timeout * 4, interval '4 h'))
          else '-- mend what it fails for; ' end || case when s.transient then 'it is retried at ' || s.next_retry_at else 'it waits for the next change' end
        || '; the server''s message is in pgauto_mv.failure, for pgrelay_admin'
    from pgauto_mv.state s join mv v on v.id = s.mv_id where s.failures > 0
  union all
  select 'cooldown_exceeds_max_wait', v.name, format('cooldown %s s, max_wait %s s: the cooldown wins', v.cooldown, v.max_wait),
      format('select pgauto_mv.alter_mv(%L, %L, p_max_wait => %s); -- or 0: no maximum', v.view_name, v.schema_name, v.cooldown)
    from mv v where v.max_wait > 0 and v.cooldown > v.max_wait
  union all
  select 'paused', v.name, 'paused since ' || v.paused_at,
      format('select pgauto_mv.resume_mv(%L, %L);', v.view_name, v.schema_name) from mv v where v.paused_at is not null
  union all
  select * from pgauto_mv.log_problems()
  union all
  select * from pgauto_mv.demand_problems()
  union all
  select 'no_processor', 'pgauto_mv', case when b.beat > 0 then 'the planner last ran at ' || to_timestamp(b.beat / 1000.0) else 'the planner has not run since the server started' end,
      'call pgauto_mv.refresh_due(); -- again and again, or start a Processor with the plugin autoMv() on this database'
    from (select coalesce(case when not pg_is_in_recovery() then pg_sequence_last_value('pgauto_mv.planner_beat') end, 0) as beat) b
    where exists (select from pgauto_mv.mv) and not pg_is_in_recovery()
      and to_timestamp(b.beat / 1000.0) < pgrelay.clock_now() - interval '10 s'
  union all
  select 'request_refused', 'pgauto_mv.refresh', format('a request for a refresh failed with %s at %s', p.failed_sqlstate, p.failed_at),
      '-- see pgrelay.channels: the channel must exist and be active'
    from pgauto_mv.planner p where p.failed_sqlstate is not null
$$;
