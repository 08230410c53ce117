-- The findings that need no look into statistics of the user's data; see get_mv_problems.
create or replace function pgauto_mv.registry_problems() returns table (code text, object text, evidence text, remedy text)
language sql volatile security definer set search_path = pg_catalog, pg_temp
as $$
  with mv as (
    select m.*, c.oid is not null as there, coalesce(c.relispopulated, true) as populated,
      coalesce(pgauto_mv.relation_name(m.view), format('%I.%I', m.schema_name, m.view_name)) as name, r.mode, r.reason
    from pgauto_mv.mv m left join pg_class c on c.oid = m.view left join lateral pgauto_mv.refresh_mode(m.view) r on c.oid is not null
  ), watch as (
    select w.*, coalesce(pgauto_mv.relation_name(w.relation), format('%I.%I', w.schema_name, w.relation_name)) as name,
      exists (select from pg_class c where c.oid = w.relation) as there, t.name as trigger, t.firing, pgauto_mv.is_gated_source(w.relation) as gated
    from pgauto_mv.watch w left join lateral pgauto_mv.find_trigger(w.id, w.relation) t on w.operation <> 'REFRESH'
  )
  select 'view_gone', v.name, 'the registered view does not exist any more',
      format('select pgauto_mv.unregister_mv(%L, %L); or, when it was made again: register it again', v.view_name, v.schema_name)
    from mv v where not v.there
  union all
  select 'table_gone', w.name, format('watched for %s by %s', w.operation, string_agg(v.name, ', ')),
      'unregister these views; register them again when their queries are right'
    from watch w join pgauto_mv.view_watch d on d.watch_id = w.id join mv v on v.id = d.mv_id where not w.there and v.there
    group by w.name, w.operation
  union all
  select 'restored', v.name, 'registered in another cluster or database: nothing that was recorded of its contents holds here',
      'start a Processor with the plugin autoMv(): it finds views and tables by their names and refreshes everything'
    from mv v where v.node_id is distinct from (select pgauto_mv.node_here())
  union all
  select 'not_populated', v.name, 'the view has no contents: reading it is an error',
      format('a refresh fills it; now: select pgauto_mv.refresh_materialised_view_now(%L, %L)', v.view_name, v.schema_name)
    from mv v where v.there and not v.populated
  union all
  select case when v.reason = 'the view has no unique index' then 'no_unique_index' else 'unusable_unique_index' end, v.name,
      v.reason || ': every refresh locks readers out', 'create unique index concurrently on ' || v.name || ' (…); over plain columns that identify a row'
    from mv v where v.there and v.populated and v.reason is not null
  union all
  select 'trigger_missing', w.name, format('no trigger pgauto_mv_%s for %s: changes go unnoticed', w.id, w.operation),
      'select * from pgauto_mv.clean_mv(); as the owner of the table'
    from watch w where w.operation <> 'REFRESH' and w.there and w.trigger is null
      and not exists (select from pgauto_mv.pending_trigger p where p.watch_id = w.id)
  union all
  select 'installing', v.name, format('not refreshed until the triggers for %s are on %s, since %s', p.operations, p.name, p.since)
        || case when p.code is not null then format('; %I could not put them on: %s', p.role, p.code) else '' end,
      case when p.missing is not null then 'as the owner of the table: ' || p.missing
        when p.code = 'PM006' then format('the table takes no such trigger: select pgauto_mv.alter_mv(%L, %L, p_watch_tables => …)', v.view_name, v.schema_name)
        else 'a Processor puts them on when the transactions that write the table have ended; or, as one with TRIGGER on it: select * from pgauto_mv.clean_mv()' end
    from (
      select d.mv_id, w.name, w.relation, string_agg(w.operation, ', ' order by w.operation) as operations, min(t.since) as since,
        max(t.refused_code) as code, max(t.refused_role::text) as role,
        pgauto_mv.trigger_grant(min(r.oid::bigint)::oid, w.relation) as missing
      from pgauto_mv.pending_trigger t join watch w on w.id = t.watch_id join pgauto_mv.view_watch d on d.watch_id = w.id
      left join pg_roles r on r.rolname = t.refused_role where w.there group by d.mv_id, w.name, w.relation) p
    join mv v on v.id = p.mv_id where v.there
  union all
  select 'refresh_not_allowed', v.name, format('the Processor''s login %I may not refresh it', r.rolname), 'as one who may: ' || g.missing
    from mv v cross join pgauto_mv.serving_logins() s(login) join pg_roles r on r.oid = s.login
    cross join lateral (select pgauto_mv.refresh_grant(s.login, v.view)) g(missing)
    where v.there and g.missing is not null
  union all
  select 'trigger_disabled', w.name, format('trigger %I does not fire for %s: changes go unnoticed', w.trigger, w.operation),
      format('alter table %s enable trigger %I; repair then refreshes the views that watch it', w.name, w.trigger)
    from watch w where w.there and not w.firing and not w.gated
  union all
  select p.* from pgauto_mv.source_problems() p
  union all
  select 'contents_in_doubt', v.name, 'since the last refresh what it reads was replaced, a partition came or went, or a trigger it relies on was off',
      format('a Processor with repair on refreshes it; now: select pgauto_mv.refresh_materialised_view_now(%L, %L)', v.view_name, v.schema_name)
    from mv v join pgauto_mv.state s on s.mv_id = v.id
    where v.there and s.snap is not null and not pgauto_mv.is_gated(v.id) and s.basis is distinct from pgauto_mv.basis(v.id, v.view)
  union all
  select 'trigger_renamed', w.name, format('trigger %I should be pgauto_mv_%s', w.trigger, w.id), 'select * from pgauto_mv.clean_mv(); as the owner of the table'
    from watch w where w.there and w.trigger <> 'pgauto_mv_' || w.id
  union all
  select 'not_watched', v.name, format('reads %s: %s', u.object, u.reason),
      'call pgauto_mv.refresh_materialised_view_now() when it changes, or give the query another source'
    from pgauto_mv.unwatched u join mv v on v.id = u.mv_id where v.there
  union all
  select distinct 'source_not_watched', v.name, format('reads %s, which it does not watch', pgauto_mv.relation_name(u.relation))
        || case when exists (select from pgauto_mv.view_watch l join pgauto_mv.watch w on w.id = l.watch_id
          where l.mv_id = v.id and w.relation = u.relation) then ' enough' else '' end,
      case when v.derived then format('a Processor with repair on watches it; now: select pgauto_mv.alter_mv(%L, %L, p_reset => array[''watch_tables''])', v.view_name, v.schema_name)
        else 'a Processor with repair on watches it' end
    from pgauto_mv.unlinked_sources() u join mv v on v.id = u.mv_id
  union all
  select 'source_not_registered', v.name, format('reads the materialized view %s, whose freshness nobody knows', pgauto_mv.relation_name(b.relation)),
      format('select pgauto_mv.register_mv(%L::regclass)', pgauto_mv.relation_name(b.relation))
    from mv v cross join lateral pgauto_mv.read_by(v.view) b
    where v.there and b.kind = 'm' and not exists (select from pgauto_mv.mv u where u.view = b.relation)
  union all
  select case s.failed_code when 'PM015' then 'duplicate_rows' when 'PM061' then 'refresh_gives_way'
        when 'PM062' then 'restricted_search_path' else 'refresh_failing' end, v.name,
      format('failed %s times in a row, last at %s with %s', s.failures, s.failed_at, coalesce(s.failed_code || ', ', '') || coalesce(s.failed_sqlstate, 'a lost connection')),
      case when s.failed_code = 'PM015' then 'the query gives rows that are equal in the unique key: change the query or the index; '
          when s.failed_code = 'PM061' then 'others waited for it: DDL on what it reads or, where it is not CONCURRENTLY, its readers; let the DDL end, give the view a unique index, or the Processor a longer giveWayAfterMs; '
          when s.failed_code = 'PM062' then 'a refresh runs with search_path = pg_catalog, pg_temp, in which these functions must find what they use: '
            || coalesce((select string_agg(f.remedy, ' ') from pgauto_mv.unpinned_functions(v.view) f), 'they were altered since')
            || ' or name the schemas in their bodies; '
          when s.failed_sqlstate = '42501' then 'the Processor''s login must own the view or (PostgreSQL 17 and later) have MAINTAIN on it; '
          when s.failed_sqlstate = '55P03' then 'somebody holds the view or a table of it: give it a unique index, or a longer p_lock_timeout; '
          when s.failed_sqlstate = '57014' then 'it ran into its statement timeout: give it a longer p_statement_timeout; '
          else '' end || case when s.transient then 'it is retried at ' || s.next_retry_at else 'it waits for the next change' end
        || '; the server''s message is in pgauto_mv.failure, for pgrelay_admin'
    from pgauto_mv.state s join mv v on v.id = s.mv_id where s.failures > 0
  union all
  select 'cooldown_exceeds_max_wait', v.name, format('cooldown %s s, max_wait %s s: the cooldown wins', v.cooldown, v.max_wait),
      'make max_wait 0 or longer than cooldown'
    from mv v where v.max_wait > 0 and v.cooldown > v.max_wait
  union all
  select 'paused', v.name, 'paused since ' || v.paused_at,
      format('select pgauto_mv.resume_mv(%L, %L)', v.view_name, v.schema_name) from mv v where v.paused_at is not null
  union all
  select * from pgauto_mv.log_problems()
  union all
  select 'no_processor', 'pgauto_mv', case when b.beat > 0 then 'the planner last ran at ' || to_timestamp(b.beat / 1000.0) else 'the planner has not run since the server started' end,
      'start a Processor with the plugin autoMv() on this database'
    from (select coalesce(case when not pg_is_in_recovery() then pg_sequence_last_value('pgauto_mv.planner_beat') end, 0) as beat) b
    where exists (select from pgauto_mv.mv) and not pg_is_in_recovery()
      and to_timestamp(b.beat / 1000.0) < pgrelay.clock_now() - interval '10 s'
  union all
  select 'request_refused', 'pgauto_mv.refresh', format('a request for a refresh failed with %s at %s', p.failed_sqlstate, p.failed_at),
      'see pgrelay.channels: the channel must exist and be active'
    from pgauto_mv.planner p where p.failed_sqlstate is not null
$$;
