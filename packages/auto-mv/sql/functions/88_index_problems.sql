-- The findings about unique indexes, without which every refresh locks the readers of a view out; and about the functions of
-- the triggers. See get_mv_problems.
create or replace function pgauto_mv.index_problems() returns table (code text, object text, evidence text, remedy text)
language sql volatile security definer set search_path = pg_catalog, pg_temp set standard_conforming_strings = on
as $$
  with mv as (
    select m.view, pgauto_mv.relation_name(m.view) as name, r.reason, s.unique_index
    from pgauto_mv.mv m join pgauto_mv.state s on s.mv_id = m.id join pg_class c on c.oid = m.view and c.relispopulated
    cross join lateral pgauto_mv.refresh_mode(m.view) r where r.reason is not null
  )
  select case when v.unique_index is not null then 'unique_index_lost'
      when v.reason = 'the view has no unique index' then 'no_unique_index' else 'unusable_unique_index' end, v.name,
    v.reason || case when v.unique_index is not null then ' any more' else '' end || ': every refresh locks readers out',
    coalesce(
      case when v.reason = 'the unique index is invalid' then (
        select format('reindex index concurrently %s;', x.indexrelid::regclass) from pg_index x
        where x.indrelid = v.view and x.indisunique and not x.indisvalid and x.indpred is null and x.indexprs is null limit 1) end,
      regexp_replace(v.unique_index, '^CREATE UNIQUE INDEX ("([^"]|"")+"|\S+) ON', 'create unique index concurrently on') || ';',
      'create unique index concurrently on ' || v.name || ' (' || pgauto_mv.key_proposal(v.view) || '); -- or over fewer columns that tell the rows apart',
      '-- the view has no column that an index can be made of')
  from mv v
  union all
  select 'function_renamed', 'pgauto_mv.' || f.proper, format('triggers call it as pgauto_mv.%I: it notices changes, but nothing finds it', f.proname),
    format('alter function pgauto_mv.%I() rename to %I;', f.proname, f.proper)
  from (
    select distinct p.proname, case when t.tgtype & 1 = 1 then 'capture_once' else 'capture' end as proper
    from pg_trigger t join pg_proc p on p.oid = t.tgfoid
    where p.pronamespace = 'pgauto_mv'::regnamespace and p.proname not in ('capture', 'capture_once') and t.tgname ~ '^pgauto_mv_[0-9]+$') f
  where to_regprocedure(format('pgauto_mv.%I()', f.proper)) is null
  union all
  select 'trigger_stray', pgauto_mv.relation_name(t.tgrelid), format('trigger %I notices changes for a view that is not registered any more', t.tgname),
    'select * from pgauto_mv.clean_mv(); -- as the owner of the table'
  from pg_trigger t
  where t.tgfoid in (to_regprocedure('pgauto_mv.capture()'), to_regprocedure('pgauto_mv.capture_once()')) and not t.tgisinternal and t.tgparentid = 0
    and not exists (select from pgauto_mv.watch w where w.id = pgauto_mv.trigger_watch(t.tgargs))
$$;
