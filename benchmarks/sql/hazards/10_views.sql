-- Beside the published view of the shop, three more in the first schema of the search_path: one of the customers, one of the orders, and
-- one that takes as long as its gate says.
create materialized view sales as select o.order_date, count(*) as orders from orders o group by o.order_date;
create unique index on sales (order_date);
create materialized view emails as select c.customer_id, c.email from customers c;
create unique index on emails (customer_id);
create table gate (id integer primary key, seconds double precision not null);
create materialized view slow as select g.id, g.seconds from gate g, lateral pg_sleep(g.seconds);
create unique index on slow (id);
