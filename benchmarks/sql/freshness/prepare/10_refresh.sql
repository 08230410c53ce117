-- The view has its contents before anything is measured,
refresh materialized view monthly_product_sales
