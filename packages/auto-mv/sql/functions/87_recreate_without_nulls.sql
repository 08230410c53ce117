-- The statements that make a view again with something else than NULL in one of its columns, which is in its unique key;
-- sync_mv() then follows it. They fail, and change nothing, when other views read it. NULL where no other value is at hand.
create or replace function pgauto_mv.recreate_without_nulls(p_view oid, p_column name) returns text
language sql stable set search_path = pg_catalog, pg_temp
as $$
  with value as (
    select case when t.typname = 'uuid' then '00000000-0000-0000-0000-000000000000' when t.typname in ('date', 'timestamp', 'timestamptz') then '-infinity'
        when t.typcategory = 'N' then '0' when t.typcategory = 'S' then '' when t.typcategory = 'B' then 'false' end as text,
      format_type(a.atttypid, a.atttypmod) as type
    from pg_attribute a join pg_type t on t.oid = a.atttypid where a.attrelid = p_view and a.attname = p_column
  )
  select format('begin; drop materialized view %1$s; create materialized view %1$s as select %2$s from (%3$s) q; %4$s; select * from pgauto_mv.sync_mv(); commit;',
    pgauto_mv.relation_name(p_view),
    (select string_agg(case when a.attname = p_column then format('coalesce(q.%1$I, %2$L::%3$s) as %1$I', a.attname, v.text, v.type) else format('q.%I', a.attname) end, ', ' order by a.attnum)
      from pg_attribute a where a.attrelid = p_view and a.attnum > 0 and not a.attisdropped),
    rtrim(pg_get_viewdef(p_view), ' ;'),
    (select string_agg(pg_get_indexdef(x.indexrelid), '; ' order by x.indexrelid) from pg_index x where x.indrelid = p_view))
  from value v where v.text is not null
$$;
