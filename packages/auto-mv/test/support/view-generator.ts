/** A small generator of numbers with a seed, so that a failure can be run again. */
export function numbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state * 1103515245 + 12345) % 2147483648;
    return Math.floor((state / 2147483648) * below);
  };
}

/** The tables that generated views read, small and of every kind; run once. */
export const sourceTables = `
  create table a (id integer primary key, n integer, s text, d date, j jsonb, flag boolean);
  create table b (id integer primary key, a_id integer, n integer, m integer, s text, twice integer generated always as (n * 2) stored);
  create table p (id integer, k integer, n integer, s text) partition by list (k);
  create table p_0 (s text, n integer, k integer, id integer);
  alter table p attach partition p_0 for values in (0);
  create table p_1 partition of p for values in (1) partition by list (k);
  create table p_1_1 partition of p_1 for values in (1);
  create table p_2 partition of p for values in (2);
  create table h (id integer, n integer, s text);
  create table h_1 (extra integer, s text, n integer, id integer);
  alter table h_1 inherit h;
  create table w (id integer, n integer, copy integer, s text);
  create function copy_n() returns trigger language plpgsql as 'begin new.copy := new.n; return new; end';
  create trigger copies before update on w for each row execute function copy_n();
  insert into a select g, g % 3, 's' || g % 4, '2024-01-01'::date + g % 5, jsonb_build_object('x', g % 2), g % 2 = 0 from generate_series(1, 6) g;
  insert into b (id, a_id, n, m, s) select g, g % 7, g % 4, g, 's' || g % 3 from generate_series(1, 8) g;
  insert into p select g, g % 3, g % 5, 's' || g % 2 from generate_series(1, 9) g;
  insert into h select g, g % 3, 's' || g from generate_series(1, 4) g;
  insert into h_1 (id, n, s, extra) select g, g % 3, 's' || g, g from generate_series(3, 6) g;
  insert into w (id, n, copy, s) select g, g, g, 's' || g from generate_series(1, 4) g;
  create view joined as select a.id, a.n, b.n as bn, b.s from a join b on b.a_id = a.id where a.flag;
  create view nested as select n, count(*) as c, max(s) as top from joined group by n;
  create function b_total(p integer) returns bigint stable begin atomic select sum(b.n) from b where b.a_id = p; end;
  create function a_row(p a) returns text immutable return p.s || p.n;`;

/** What of each source is changed, alone. A column that may not be NULL is left out of the second kind of change. */
export const sourceColumns: Readonly<Record<string, readonly string[]>> = {
  a: ['id', 'n', 's', 'd', 'j', 'flag'],
  b: ['id', 'a_id', 'n', 'm', 's'],
  p: ['id', 'k', 'n', 's'],
  p_0: ['id', 'n', 's'],
  h: ['id', 'n', 's'],
  h_1: ['n', 's', 'extra'],
  w: ['id', 'n', 'copy', 's'],
};

/** By what names a query reaches the rows of each of them. */
const reachedBy: Readonly<Record<string, RegExp>> = {
  a: /\b(a|joined|nested)\b/,
  b: /\b(b|joined|nested|b_total)\b/,
  p: /\b(p|p_0|p_1)\b/,
  p_0: /\b(p|p_0)\b/,
  h: /\b(h|h_1)\b/,
  h_1: /\b(h|h_1)\b/,
  w: /\bw\b/,
};

/** Whether a query may depend on a table at all; the others need not be tried. */
export const mayReach = (query: string, table: string): boolean => reachedBy[table]?.test(query) ?? true;

interface Source {
  readonly name: string;
  readonly integers: readonly string[];
  readonly texts: readonly string[];
}

const sources: readonly Source[] = [
  { name: 'a', integers: ['id', 'n'], texts: ['s', 'd::text', "j ->> 'x'", 'flag::text'] },
  { name: 'b', integers: ['id', 'a_id', 'n', 'm', 'twice'], texts: ['s'] },
  { name: 'p', integers: ['id', 'k', 'n'], texts: ['s'] },
  { name: 'p_0', integers: ['id', 'n'], texts: ['s'] },
  { name: 'p_1', integers: ['id', 'k', 'n'], texts: ['s'] },
  { name: 'h', integers: ['id', 'n'], texts: ['s'] },
  { name: 'h_1', integers: ['n', 'extra'], texts: ['s'] },
  { name: 'w', integers: ['id', 'n', 'copy'], texts: ['s'] },
  { name: 'joined', integers: ['id', 'n', 'bn'], texts: ['s'] },
  { name: 'nested', integers: ['n', 'c'], texts: ['top'] },
];

/** A query whose result depends on the rows alone: no limit without an order, no aggregate of an unsaid one. */
export function randomQuery(random: (below: number) => number): string {
  const pick = <T>(list: readonly T[]): T => list[random(list.length)] as T;
  const [x, y] = [pick(sources), pick(sources)];
  const int = (s: Source, alias: string) => `${alias}.${pick(s.integers)}`;
  const text = (s: Source, alias: string) => `${alias}.${pick(s.texts)}`;
  const value = (s: Source, alias: string) => (random(2) === 0 ? int(s, alias) : text(s, alias));
  const condition = (s: Source, alias: string) =>
    pick([
      `${int(s, alias)} > ${random(4)}`,
      `${text(s, alias)} like '%${random(4)}'`,
      `${int(s, alias)} is not null`,
      'true',
    ]);
  const shapes: readonly (() => string)[] = [
    () => `select ${value(x, 'x')} as v from ${x.name} x where ${condition(x, 'x')}`,
    () => `select count(*) as c from ${x.name} x`,
    () => `select ${value(x, 'x')} as v, count(*) as c, sum(${int(x, 'x')}) as s from ${x.name} x group by 1`,
    () => `select max(${int(x, 'x')}) as v from ${x.name} x having count(*) > ${random(8)}`,
    () => `select ${value(x, 'x')} as v from ${x.name} x join ${y.name} y on ${int(x, 'x')} = ${int(y, 'y')}`,
    () =>
      `select ${value(x, 'x')} as v, ${value(y, 'y')} as w from ${x.name} x left join ${y.name} y on ${int(x, 'x')} = ${int(y, 'y')} and ${condition(y, 'y')}`,
    () =>
      `select ${value(x, 'x')} as v from ${x.name} x where exists (select from ${y.name} y where ${int(y, 'y')} = ${int(x, 'x')})`,
    () =>
      `select ${value(x, 'x')} as v from ${x.name} x where ${int(x, 'x')} not in (select coalesce(${int(y, 'y')}, -1) from ${y.name} y)`,
    () =>
      `select ${value(x, 'x')} as v, (select max(${int(y, 'y')}) from ${y.name} y where ${condition(y, 'y')}) as w from ${x.name} x`,
    () =>
      `with c as (select ${int(x, 'x')} as v from ${x.name} x where ${condition(x, 'x')}) select v, count(*) as n from c group by v`,
    () =>
      `select ${int(x, 'x')} as v from ${x.name} x union all select ${int(y, 'y')} from ${y.name} y where ${condition(y, 'y')}`,
    () => `select ${int(x, 'x')} as v from ${x.name} x except select ${int(y, 'y')} from ${y.name} y`,
    () =>
      `select x.v, y.c from (select distinct ${value(x, 'x')} as v from ${x.name} x) x cross join lateral (select count(*) filter (where ${condition(y, 'y')}) as c from ${y.name} y) y`,
    () =>
      `select ${int(x, 'x')} as v, rank() over (partition by ${text(x, 'x')} order by ${int(x, 'x')}) as r from ${x.name} x`,
    () =>
      `select string_agg(${text(x, 'x')}, ',' order by ${text(x, 'x')}) as v from ${x.name} x where ${condition(x, 'x')}`,
    () => `select ${value(x, 'x')} as v, case when ${condition(x, 'x')} then ${int(x, 'x')} end as w from ${x.name} x`,
    () => `select x::text as v from ${x.name} x where ${condition(x, 'x')}`,
    () =>
      `select count(distinct x) as c, sum(${int(y, 'y')}) as s from ${x.name} x full join ${y.name} y on ${int(x, 'x')} = ${int(y, 'y')}`,
    () =>
      `select a.id, b_total(a.id) as t from a where ${condition({ name: 'a', integers: ['id', 'n'], texts: ['s'] }, 'a')}`,
    () => 'select a_row(a) as v from a',
    () =>
      `select tableoid::regclass::text as part, ${value({ name: 'p', integers: ['id', 'n'], texts: ['s'] }, 'p')} as v from p`,
    () =>
      `select distinct on (v) v, w from (select ${text(x, 'x')} as v, ${int(x, 'x')} as w from ${x.name} x) z order by v, w`,
    () => `select v from (select ${int(x, 'x')} as v from ${x.name} x order by 1 limit 3) z`,
    () =>
      `select g.${pick(['n', 's'])} as v, count(*) as c from a g natural join (select id, ${pick(['m', 'a_id'])} as z from b) q group by 1`,
  ];
  return pick(shapes)();
}
