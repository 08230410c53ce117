-- The rows that actions and an application update at the same time.
create schema contention;
create table contention.stock (id integer primary key, quantity bigint not null default 0);
insert into contention.stock (id) select generate_series(1, 100)
