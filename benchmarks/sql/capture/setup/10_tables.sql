-- What the clients write.
create table bench.orders (id bigint generated always as identity primary key, amount integer not null);
create table bench.order_line (id bigint generated always as identity primary key, amount integer not null);
