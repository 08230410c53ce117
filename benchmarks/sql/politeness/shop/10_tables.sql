-- A view whose refresh takes as many seconds as the table gate says, and reads the table orders from its beginning.
create schema polite;
create table polite.orders (id integer generated always as identity primary key, kind integer not null, amount integer not null, note text);
insert into polite.orders (kind, amount) select n % 100, n from generate_series(1, 10000) n;
create table polite.gate (seconds float8 not null);
create materialized view polite.totals as
with slept as materialized (select pg_sleep(g.seconds) from polite.gate g)
select o.kind, sum(o.amount) as amount, (select count(*) from slept) as slept from polite.orders o group by o.kind;
create unique index on polite.totals (kind);
