-- The shop of the published example, in the first schema of the search_path: each arm of the comparison has its own.
-- The view's query sleeps for five seconds: a refresh that lasts without taking a processor from the writers.
create table products (product_id int primary key, name text, price numeric(10, 2));
create table customers (customer_id int primary key, email text);
create table orders (order_id int primary key, customer_id int references customers, order_date date);
create table order_items (order_id int references orders, product_id int references products, quantity int, primary key (order_id, product_id));
create sequence order_no;
insert into products select i, 'Product ' || i, 10 from generate_series(1, 400) i;
insert into customers select i, 'customer' || i || '@example.com' from generate_series(1, 1000) i;

create materialized view monthly_product_sales as
select p.product_id, p.name as product_name, date_trunc('month', o.order_date)::date as sales_month,
  sum(oi.quantity) as total_quantity_sold, sum(oi.quantity * p.price) as total_revenue, s.slept
from (select pg_sleep(5) is null as slept) s
cross join products p
join order_items oi on p.product_id = oi.product_id
join orders o on oi.order_id = o.order_id
group by p.product_id, p.name, sales_month, s.slept;
create unique index on monthly_product_sales (sales_month, product_id);
