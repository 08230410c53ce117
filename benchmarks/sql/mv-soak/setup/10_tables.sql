-- Twelve tables with the same columns: eight plain ones, one partitioned by list, one by range with a partition that is
-- partitioned again, one with a child that inherits from it, one more that the views use as a dimension.
create schema soak;
create sequence soak.ids;

create table soak.t1 (id bigint primary key default nextval('soak.ids'), k integer not null, v integer not null, note text, extra integer);
create table soak.t2 (like soak.t1 including all);
create table soak.t3 (like soak.t1 including all);
create table soak.t4 (like soak.t1 including all);
create table soak.t5 (like soak.t1 including all);
create table soak.t6 (like soak.t1 including all);
create table soak.t7 (like soak.t1 including all);
create table soak.t8 (like soak.t1 including all);
create table soak.d1 (like soak.t1 including all);

create table soak.p1 (like soak.t1 including defaults) partition by list (k);
create table soak.p1_low partition of soak.p1 for values in (0, 1, 2, 3, 4);
create table soak.p1_high partition of soak.p1 for values in (5, 6, 7, 8, 9);
create table soak.p1_direct partition of soak.p1 for values in (10, 11, 12);

create table soak.p2 (like soak.t1 including defaults) partition by range (k);
create table soak.p2_low partition of soak.p2 for values from (0) to (5);
create table soak.p2_high partition of soak.p2 for values from (5) to (10) partition by hash (id);
create table soak.p2_high_0 partition of soak.p2_high for values with (modulus 2, remainder 0);
create table soak.p2_high_1 partition of soak.p2_high for values with (modulus 2, remainder 1);

create table soak.h1 (like soak.t1 including all);
create table soak.h1_child () inherits (soak.h1);

-- What writers name in their statements, with the keys that they may use there.
create table soak.target (name text primary key, low integer not null, keys integer not null);
insert into soak.target
select 't' || n, 0, 10 from generate_series(1, 8) n
union all values ('d1', 0, 10), ('p1', 0, 10), ('p1_direct', 10, 3), ('p2', 0, 10), ('p2_low', 0, 5), ('h1', 0, 10), ('h1_child', 0, 10);
