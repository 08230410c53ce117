-- A table that is written, and a view of it that is refreshed every second.
create schema bench;
create table bench.orders (id bigint generated always as identity primary key, amount integer not null);
create materialized view bench.sales as select o.amount, count(*) as rows from bench.orders o group by o.amount;
create unique index on bench.sales (amount);
do $$ begin perform pgauto_mv.register_mv('bench.sales'::regclass, p_cooldown => 1); end $$;
