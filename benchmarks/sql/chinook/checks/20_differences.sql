-- Each view against its query, the one the catalog has: rows missing and rows that should not be there.
create or replace function soak.differences() returns table (view_name text, view_rows integer, missing integer, surplus integer)
language plpgsql volatile
as $$
begin
  for view_name in select format('%I.%I', f.schema_name, f.view_name) from pgauto_mv.freshness f order by f.id loop
    return query execute format('with q as materialized (%s), v as materialized (table %s)
      select %L::text, (select count(*) from v)::integer, (select count(*) from (table q except all table v) x)::integer,
        (select count(*) from (table v except all table q) x)::integer',
      trim(trailing ';' from pg_get_viewdef(view_name::regclass)), view_name, view_name);
  end loop;
end $$;
