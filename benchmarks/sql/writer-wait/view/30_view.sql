-- The published view, whose query sleeps for five seconds: a refresh that lasts without taking a processor from the writers.
create materialized view monthly_product_sales as
select p.product_id, p.name as product_name, date_trunc('month', o.order_date)::date as sales_month,
  sum(oi.quantity) as total_quantity_sold, sum(oi.quantity * p.price) as total_revenue, s.slept
from (select pg_sleep(5) is null as slept) s
cross join products p
join order_items oi on p.product_id = oi.product_id
join orders o on oi.order_id = o.order_id
group by p.product_id, p.name, sales_month, s.slept;
create unique index on monthly_product_sales (sales_month, product_id);
