select coalesce(max(v.latest_order), 0)::integer as latest from monthly_product_sales v
