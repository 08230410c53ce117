-- Thirty views, each of another shape, and two plain views below some of them.
create view soak.w1 as select t.k, sum(t.v) as total from soak.t5 t group by t.k;
create view soak.w2 as select w.k, w.total, count(t.id) as n from soak.w1 w left join soak.t6 t on t.k = w.k group by w.k, w.total;

create materialized view soak.v01 as select t.k, count(*) as n, sum(t.v) as total from soak.t1 t group by t.k;
create unique index on soak.v01 (k);
create materialized view soak.v02 as select t.k, count(*) as n, sum(t.v) as total from soak.t2 t group by t.k;
create unique index on soak.v02 (k);
create materialized view soak.v03 as select t.k, min(t.v) as lo, max(t.v) as hi from soak.t3 t group by t.k having count(*) > 1;
create unique index on soak.v03 (k);
create materialized view soak.v04 as select distinct t.k, t.v % 10 as digit from soak.t4 t;
create unique index on soak.v04 (k, digit);
create materialized view soak.v05 as select a.k, count(*) as pairs from soak.t1 a join soak.t2 b on b.k = a.k group by a.k;
create unique index on soak.v05 (k);
create materialized view soak.v06 as
select d.id, d.k, count(t.id) as n from soak.d1 d left join soak.t3 t on t.k = d.k group by d.id, d.k;
create unique index on soak.v06 (id);
create materialized view soak.v07 as
select 't4' as source, t.id, t.v from soak.t4 t where t.v > 50 union all select 't5', t.id, t.v from soak.t5 t;
create unique index on soak.v07 (source, id);
create materialized view soak.v08 as select t.k from soak.t6 t except select t.k from soak.t7 t where t.v > 30;
create unique index on soak.v08 (k);
create materialized view soak.v09 as select t.k, t.v % 5 as m from soak.t7 t intersect select t.k, t.v % 5 from soak.t8 t;
create unique index on soak.v09 (k, m);
create materialized view soak.v10 as
with s as (select t.k, sum(t.v) as total from soak.t7 t group by t.k)
select s.k, s.total, (select max(x.total) from s x) as best from s;
create unique index on soak.v10 (k);
create materialized view soak.v11 as
with recursive r (k, n) as (
  select distinct t.k, 1 from soak.t8 t
  union all
  select r.k, r.n + 1 from r where r.n < 3
) select r.k, r.n from r;
create unique index on soak.v11 (k, n);
create materialized view soak.v12 as
select a.id, a.v from soak.t8 a where exists (select from soak.t1 b where b.k = a.k and b.v > 80);
create unique index on soak.v12 (id);
create materialized view soak.v13 as select d.id, (select count(*) from soak.t2 t where t.k = d.k) as n from soak.d1 d;
create unique index on soak.v13 (id);
create materialized view soak.v14 as
select d.id, x.id as top, x.v from soak.d1 d
cross join lateral (select t.id, t.v from soak.t4 t where t.k = d.k order by t.v desc, t.id limit 2) x;
create unique index on soak.v14 (id, top);
create materialized view soak.v15 as select t.id, t.k, rank() over (partition by t.k order by t.v, t.id) as place from soak.t5 t;
create unique index on soak.v15 (id);
create materialized view soak.v16 as select distinct on (t.k) t.k, t.id, t.v from soak.t6 t order by t.k, t.v desc, t.id;
create unique index on soak.v16 (k);
create materialized view soak.v17 as
select t.k, t.v % 3 as m, count(*) as n, grouping(t.k, t.v % 3) as level from soak.t7 t group by rollup (t.k, t.v % 3);
create unique index on soak.v17 (k, m, level);   -- with NULLs in it
create materialized view soak.v18 as
select t.k, count(*) filter (where t.v > 50) as many, array_agg(t.v order by t.id) as list from soak.t8 t group by t.k;
create unique index on soak.v18 (k);
create materialized view soak.v19 as select w.k, w.total from soak.w1 w where w.total > 100;
create unique index on soak.v19 (k);
create materialized view soak.v20 as select w.k, w.total, w.n from soak.w2 w;
create unique index on soak.v20 (k);
create materialized view soak.v21 as select p.k, count(*) as n, sum(p.v) as total from soak.p1 p group by p.k;
create unique index on soak.v21 (k);
create materialized view soak.v22 as select p.k, count(*) as n from soak.p2 p join soak.d1 d on d.k = p.k group by p.k;
create unique index on soak.v22 (k);
create materialized view soak.v23 as select h.k, count(*) as n, sum(h.v) as total from soak.h1 h group by h.k;
create unique index on soak.v23 (k);
create materialized view soak.v24 as select h.k, count(*) as n from only soak.h1 h group by h.k;
create unique index on soak.v24 (k);
create materialized view soak.v25 as select t.k, t.v from soak.t1 t where t.v < 20;   -- no unique index: plain refreshes
create materialized view soak.v26 as select count(*) as n, coalesce(sum(p.v), 0) as total from soak.p2 p;
create unique index on soak.v26 ((n >= 0));                                         -- over an expression: plain refreshes
create materialized view soak.v27 as select 1 as one, sum(v.n) as n, sum(v.total) as total from soak.v01 v;
create unique index on soak.v27 (one);
create materialized view soak.v28 as select h.k, h.n, x.total from soak.v23 h cross join soak.v27 x;
create unique index on soak.v28 (k);
create materialized view soak.v29 as select p.k, sum(p.v) as total from soak.p1_direct p group by p.k;
create unique index on soak.v29 (k);
create materialized view soak.v30 as
select coalesce(a.k, b.k) as k, jsonb_build_array(a.n, b.n) as both_counts
from (select t.k, count(*) as n from soak.t4 t group by t.k) a full join (select p.k, count(*) as n from soak.p1 p group by p.k) b on b.k = a.k;
create unique index on soak.v30 (k);
