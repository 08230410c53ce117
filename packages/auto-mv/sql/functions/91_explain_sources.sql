-- For explain_mv(): what the query of a view reads, and through what.
create or replace function pgauto_mv.explain_sources(p_mv_id bigint) returns table (topic text, object text, detail text)
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
  with mv as (
    select m.id, m.view from pgauto_mv.mv m where m.id = p_mv_id
  )
  select 'source', pgauto_mv.relation_name(u.relation),
    case c.relkind when 'm' then 'materialized view' when 'p' then 'partitioned table' when 'f' then 'foreign table' when 'S' then 'sequence' else 'table' end
      || coalesce(', columns ' || nullif((select string_agg(quote_ident(a.attname), ', ' order by a.attnum) from pg_attribute a
        where a.attrelid = u.relation and a.attnum = any (u.columns)), ''), case when u.columns is null then ', the whole row' else ', no column: its rows count' end)
  from mv m cross join lateral pgauto_mv.used_columns(m.view) u join pg_class c on c.oid = u.relation
  union all
  select 'source', pgauto_mv.relation_name(c.oid), 'plain view, read through'
  from mv m cross join lateral pgauto_mv.reaches(m.view) r join pg_class c on r.classid = 'pg_class'::regclass and c.oid = r.objid and c.relkind = 'v'
  union all
  select 'source', p.oid::regprocedure::text, 'function, ' || case when p.prosqlbody is not null then 'read through' else 'whose body the catalog does not know' end
  from mv m cross join lateral pgauto_mv.reaches(m.view) r join pg_proc p on r.classid = 'pg_proc'::regclass and p.oid = r.objid
  order by 3, 2
$$;
