-- How many rows of the query's result the view lacks, and how many it has that the query does not give: the query is the
-- view's own, from the catalog, so that nobody has to write it twice. Both 0: the view equals its query.
create or replace function demo.difference(out missing integer, out surplus integer, out view_rows integer)
language plpgsql volatile
as $$
declare
  v_query text := trim(trailing ';' from pg_get_viewdef('public.monthly_product_sales'::regclass));
begin
  execute format('with q as materialized (%s), v as materialized (table public.monthly_product_sales)
    select (select count(*) from (table q except all table v) x), (select count(*) from (table v except all table q) x),
      (select count(*) from v)', v_query) into missing, surplus, view_rows;
end $$;
