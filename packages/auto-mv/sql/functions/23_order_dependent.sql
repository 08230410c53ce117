-- What in the query of a view lets it give other rows from the same ones, by the order in which they happen to be read:
-- aggregates that keep an order or round as they go, windows that tell ties apart, LIMIT, DISTINCT ON, system columns. As a
-- list; NULL when there is nothing. That such contents differ from the query proves nothing; that they are equal does.
create or replace function pgauto_mv.order_dependent(p_view oid) returns text
language sql stable set search_path = pg_catalog, pg_temp set standard_conforming_strings = on
as $$
  with tree as materialized (
    select coalesce(w.ev_action, p.prosqlbody)::text as text from pgauto_mv.reaches(p_view) r
    left join pg_rewrite w on r.classid = 'pg_rewrite'::regclass and w.oid = r.objid
    left join pg_proc p on r.classid = 'pg_proc'::regclass and p.oid = r.objid
    where r.classid in ('pg_rewrite'::regclass, 'pg_proc'::regclass)
  )
  select string_agg(x.what, ', ' order by x.what) from (
    select p.proname || case when 700::oid = any (p.proargtypes) or 701::oid = any (p.proargtypes) then ' of floating point' else '' end as what
      from tree t cross join lateral regexp_matches(t.text, ':(?:aggfnoid|winfnoid) ([0-9]+)', 'g') m (found) join pg_proc p on p.oid = m.found[1]::oid
      where p.prokind = 'a' and (p.pronamespace <> 'pg_catalog'::regnamespace
        or p.proname in ('array_agg', 'string_agg', 'json_agg', 'json_agg_strict', 'jsonb_agg', 'jsonb_agg_strict', 'json_object_agg', 'json_object_agg_strict',
          'json_object_agg_unique', 'jsonb_object_agg', 'jsonb_object_agg_strict', 'xmlagg', 'any_value')
        or (700::oid = any (p.proargtypes) or 701::oid = any (p.proargtypes)) and p.proname not in ('min', 'max', 'count'))
    union
    select p.proname || '() over …' from tree t cross join lateral regexp_matches(t.text, ':winfnoid ([0-9]+)', 'g') m (found) join pg_proc p on p.oid = m.found[1]::oid
      where p.prokind = 'w' and (p.pronamespace <> 'pg_catalog'::regnamespace or p.proname not in ('rank', 'dense_rank', 'percent_rank', 'cume_dist'))
    union
    select 'a window by ROWS' from tree t cross join lateral regexp_matches(t.text, ':frameOptions ([0-9]+)', 'g') m (found) where m.found[1]::integer & 4 <> 0
    union
    select 'LIMIT' from tree t where t.text ~ ':limit(Count|Offset) \{'
    union
    select 'DISTINCT ON' from tree t where t.text ~ ':hasDistinctOn true'
    union
    select 'a system column' from tree t where t.text ~ ':varattno -[0-9]+ ') x(what)
$$;
