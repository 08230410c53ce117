-- The shop of the published example, in the first schema of the search_path: each arm of a comparison has its own.
create table products (product_id int primary key, name text, price numeric(10, 2));
create table customers (customer_id int primary key, email text);
create table orders (order_id int primary key, customer_id int references customers, order_date date);
create table order_items (order_id int references orders, product_id int references products, quantity int, primary key (order_id, product_id));
create sequence order_no;
insert into products select i, 'Product ' || i, 10 from generate_series(1, 400) i;
insert into customers select i, 'customer' || i || '@example.com' from generate_series(1, 1000) i;
