-- The published view, and for each group the latest order of the first writer: by it one sees which of that writer's orders the
-- contents have.
create materialized view monthly_product_sales as
select p.product_id, p.name as product_name, date_trunc('month', o.order_date)::date as sales_month,
  sum(oi.quantity) as total_quantity_sold, sum(oi.quantity * p.price) as total_revenue,
  max(o.order_id) filter (where o.order_id % 4 = 0) as latest_order
from products p
join order_items oi on p.product_id = oi.product_id
join orders o on oi.order_id = o.order_id
group by p.product_id, p.name, sales_month;
create unique index on monthly_product_sales (sales_month, product_id);
