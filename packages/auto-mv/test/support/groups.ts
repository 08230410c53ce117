import { type TestDatabase, until } from '@pgrelay/test-support';
import { registerDerived } from './watches.js';

/** A table of entries, and four views over it that have the same control sum at any instant: a diamond, and one beside it. */
export interface Ledger {
  readonly schema: string;
  readonly entries: string;
  /** The views, upstream first. */
  readonly views: readonly string[];
  /** The ids of their registrations. */
  readonly ids: readonly string[];
}

let ledgers = 0;

/** What each view of a ledger shows: the sum of its rows in every one of them, twice that in `tops`. */
export const controlSums = ({ schema }: Ledger): readonly string[] => [
  `select coalesce(sum(n), 0)::float8 as n from ${schema}.by_left`,
  `select coalesce(sum(n), 0)::float8 as n from ${schema}.by_right`,
  `select coalesce(sum(n), 0)::float8 / 2 as n from ${schema}.tops`,
  `select coalesce(sum(n), 0)::float8 as n from ${schema}.flat`,
];

/** Makes the views and registers them; with unique indexes they can be refreshed CONCURRENTLY. */
export async function openLedger(db: TestDatabase, indexed: boolean, options = ', p_cooldown => 0'): Promise<Ledger> {
  const schema = `ledger_${++ledgers}`;
  const queries: Readonly<Record<string, string>> = {
    by_left: `select l as key, sum(n) as n from ${schema}.entries group by l`,
    by_right: `select r as key, sum(n) as n from ${schema}.entries group by r`,
    tops: `select 'left' as side, key, n from ${schema}.by_left union all select 'right', key, n from ${schema}.by_right`,
    flat: `select id as key, n from ${schema}.entries`,
  };
  await db.query(`create schema ${schema}`);
  await db.query(
    `create table ${schema}.entries (id integer primary key generated always as identity, l integer, r integer, n bigint)`,
  );
  await db.query(`insert into ${schema}.entries (l, r, n) select i % 7, i % 11, 1 from generate_series(1, 100) i`);
  const ids: string[] = [];
  for (const [name, query] of Object.entries(queries)) {
    await db.query(`create materialized view ${schema}.${name} as ${query}`);
    if (indexed) await db.query(`create unique index on ${schema}.${name} (${name === 'tops' ? 'side, key' : 'key'})`);
    ids.push(await registerDerived(db, `${schema}.${name}`, options));
  }
  return { schema, entries: `${schema}.entries`, views: Object.keys(queries).map((name) => `${schema}.${name}`), ids };
}

/** A call's list of views. */
export const list = (views: readonly string[]): string => `array[${views.map((v) => `'${v}'`).join(', ')}]::regclass[]`;

/** Makes a group; the views in reverse, since the order is the group's business. */
export async function group(db: TestDatabase, name: string, views: readonly string[], options = ''): Promise<void> {
  await db.query(`select pgauto_mv.create_group('${name}', ${list([...views].reverse())}${options})`);
}

/** The row of a group in pgauto_mv.groups. */
export async function groupRow(db: TestDatabase, name: string): Promise<Record<string, unknown>> {
  const [row] = await db.query<Record<string, unknown>>('select * from pgauto_mv.groups where name = $1', [name]);
  return row ?? {};
}

export async function untilGroupFresh(db: TestDatabase, name: string): Promise<void> {
  await until(async () => (await groupRow(db, name))['dirty'] === false, `the group ${name} is fresh`);
}
