-- The rows that actions and an application update at the same time.
create schema contention;
create table contention.stock (id integer primary key, quantity bigint not null default 0);
insert into contention.stock (id) select generate_series(1, 100);
grant usage on schema contention to pgrelay;
grant select, update on contention.stock to pgrelay;
