-- Rows in which the view and its query differ, in one snapshot.
create function difference() returns integer
language plpgsql volatile
as $$
declare
  v_query text := trim(trailing ';' from pg_get_viewdef('monthly_product_sales'::regclass));
  v_rows integer;
begin
  execute format('with q as materialized (%s), v as materialized (table monthly_product_sales)
    select count(*)::integer from ((table q except all table v) union all (table v except all table q)) x', v_query) into v_rows;
  return v_rows;
end $$;
