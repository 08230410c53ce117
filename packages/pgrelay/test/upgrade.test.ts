import { autoMvSql } from '@pgrelay/auto-mv';
import type * as RelaySql from '@pgrelay/relay-sql';
import { migrate } from '@pgrelay/relay-sql';
import { until, useDatabase } from '@pgrelay/test-support';
import type pg from 'pg';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { PreviousRelease, presentScript } from './support/previous-release.js';
import { ScriptProcess } from './support/script-process.js';

/**
 * An upgrade while everything runs: Processors of the previous release work, producers send, and the schema is migrated under
 * them; then Processors of this commit join, and the old ones go.
 */
const db = useDatabase({ template: 'empty' });
let previous: PreviousRelease;
let load: Load;

beforeAll(() => {
  previous = new PreviousRelease();
});
afterEach(() => load?.stop());
afterAll(() => previous?.remove());

const count = async (from: string) =>
  (await db.query<{ n: number }>(`select count(*)::int as n from ${from}`))[0]?.n ?? 0;
const refreshes = async () =>
  (await db.query<{ n: number }>('select refreshes::int as n from pgauto_mv.freshness'))[0]?.n ?? 0;
const functions = () =>
  db.query<{ digest: string }>(
    `select md5(string_agg(p.oid::text || p.xmin::text || md5(p.prosrc), ',' order by p.oid)) as digest
     from pg_proc p where p.pronamespace in ('pgrelay'::regnamespace, 'pgauto_mv'::regnamespace)`,
  );

/** Sends events of every kind, one transaction each, until told to stop. */
class Load {
  readonly sent: string[] = [];
  /** Events that are to run in the order of their key, once the schema has that. */
  readonly inOrder: { readonly id: string; readonly key: string }[] = [];
  keyed = false;
  #stopped = false;
  readonly #done: Promise<void>[];

  constructor(clients: readonly pg.Client[]) {
    this.#done = clients.map((client, number) => this.#send(client, number));
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#done);
  }

  async #send(client: pg.Client, number: number): Promise<void> {
    for (let n = number; !this.#stopped; n += 1) {
      const { rows } = await client.query<{ ids: string[] }>(
        `select array[
           pgrelay.notify('up.sql', n::text), pgrelay.notify('up.leased', '{}'), pgrelay.notify('up.tx', '{}', p_priority => n % 3),
           pgrelay.notify('up.ordered', '{}'), pgrelay.notify('up.sql', n::text, now() + n % 5 * interval '400 milliseconds')]::text[]
           || case when n % 10 = 0 then array[pgrelay.notify('up.flaky', '{}'), pgrelay.notify('up.bad', '{}')]::text[] else '{}' end as ids
         from (select $1::integer as n) x`,
        [n],
      );
      this.sent.push(...(rows[0]?.ids ?? []));
      await client.query('insert into public.sales values ($1)', [n]);
      if (this.keyed) await this.#sendInOrder(client, `k${n % 7}`);
    }
  }

  async #sendInOrder(client: pg.Client, key: string): Promise<void> {
    const { rows } = await client.query<{ id: string }>(
      "select pgrelay.notify('up.ordered', '{}', p_key => $1)::text as id",
      [key],
    );
    for (const { id } of rows) this.inOrder.push({ id, key });
    this.sent.push(...rows.map(({ id }) => id));
  }
}

const inOrderBy = async (slots: readonly number[]) =>
  load.inOrder.length === 0
    ? 0
    : count(
        `pgrelay.log where outcome = 'done' and event_id in (${load.inOrder.map(({ id }) => id).join(', ')}) and slot in (${slots.join(', ')})`,
      );

const doneBy = (slots: readonly number[]) =>
  count(`pgrelay.log where outcome = 'done' and slot in (${slots.join(', ')})`);

async function moreDone(slots: readonly number[], what: string): Promise<void> {
  const before = await doneBy(slots);
  await until(async () => (await doneBy(slots)) > before + 100, what);
}

const slotOf = (processor: ScriptProcess) => Number(/ready (\d+)/.exec(processor.stdout)?.[1]);

test('a Processor of the previous release works on the new schema, under load, also after a migration that was aborted half way', async () => {
  const old = await previous.import<typeof RelaySql>('@pgrelay/relay-sql');
  const oldAutoMv = await previous.import<{ autoMvSql: RelaySql.SqlModule }>('@pgrelay/auto-mv');
  await old.migrate({ connectionString: db.url, modules: [oldAutoMv.autoMvSql] });
  await db.query('create table public.effects (event_id bigint); grant insert on public.effects to pgrelay');
  await db.query('create table public.sales (n integer); grant insert on public.sales to pgrelay');
  await db.query('create materialized view public.totals as select count(*) as n, sum(n) as total from public.sales');
  await db.query(
    "select pgauto_mv.register_mv('public.totals'::regclass, p_refresh_lag => 0.2, p_max_wait => 0.5, p_cooldown => 0.2)",
  );
  await db.query(
    "select pgrelay.register_channel('up.sql', 'insert into public.effects select (pgrelay.current_event()).id')",
  );
  for (const name of ['leased', 'tx', 'flaky', 'bad', 'ordered', 'long'])
    await db.query('select pgrelay.register_channel($1, p_mode => $2)', [
      `up.${name}`,
      name === 'tx' ? 'transactional' : 'leased',
    ]);

  const [first, second] = [1, 2].map(() => new ScriptProcess(previous.script('upgrade/processor.mjs'), db.url)) as [
    ScriptProcess,
    ScriptProcess,
  ];
  await Promise.all([first.printed('ready'), second.printed('ready')]);
  const oldSlots = [slotOf(first), slotOf(second)];
  load = new Load([await db.connect(), await db.connect()]);
  const [long] = await db.query<{ id: string }>("select pgrelay.notify('up.long', '{}')::text as id");
  await until(async () => `${first.stdout}${second.stdout}`.includes(`running ${long?.id}`), 'the long event runs');
  await moreDone(oldSlots, 'the previous release works on its own schema');

  // A migration whose process is killed when half of it is done leaves nothing.
  const before = await functions();
  const killed = new ScriptProcess(presentScript('upgrade/killed-migration.mjs'), db.url);
  expect(await killed.ended, killed.stderr).toBe('SIGKILL');
  await until(
    async () =>
      (await count("pg_stat_activity where application_name = 'pgrelay migrate' and datname = current_database()")) ===
      0,
    'the backend of the killed migration is gone',
  );
  expect(await functions()).toEqual(before);
  await moreDone(oldSlots, 'the previous release works on after it');

  // One that cannot have a lock in time leaves nothing either, and nobody waits for it for long.
  const reader = await db.session('reader');
  await reader.query('begin');
  await reader.query('select from pgrelay.queue limit 0');
  await expect(
    migrate({ connectionString: db.url, modules: [autoMvSql], lockTimeoutMs: 100, waitMs: 0 }),
  ).rejects.toMatchObject({ code: 'RELAY_MIGRATION_BUSY' });
  await reader.query('rollback');
  expect(await functions()).toEqual(before);
  await moreDone(oldSlots, 'the previous release works on after that');

  const { applied, upToDate } = await migrate({ connectionString: db.url, modules: [autoMvSql] });
  expect(upToDate).toBe(false);
  expect(applied.every(({ name }) => name.startsWith('pre_'))).toBe(true);
  await db.query("select pgrelay.set_limits('up.ordered', p_fifo => true)");
  load.keyed = true;
  await moreDone(oldSlots, 'the previous release works on the new schema');
  await until(async () => (await inOrderBy(oldSlots)) > 20, 'it works in order by key, of which it knows nothing');
  const refreshed = await refreshes();
  await until(async () => (await refreshes()) > refreshed + 1, 'its plugin refreshes a view on the new schema');

  // The new release joins; one old Processor is asked to stop, the other is killed with events in its hands.
  const joined = new ScriptProcess(presentScript('upgrade/processor.mjs'), db.url);
  await joined.printed('ready');
  await moreDone([slotOf(joined)], 'the new release works beside the previous one');
  const holder = first.stdout.includes(`running ${long?.id}`) ? first : second;
  const other = holder === first ? second : first;
  other.signal('SIGTERM');
  expect(await other.ended).toBe(0);
  holder.signal('SIGKILL');
  await joined.printed(`running ${long?.id}`);
  joined.signal('SIGUSR2');
  await moreDone([slotOf(joined)], 'the new release works alone');
  await load.stop();

  await until(async () => (await count("pgrelay.events where channel like 'up.%'")) === 0, 'everything has ended');
  // The ledger: each event that was sent has ended once and for all, with the outcome that is its channel's.
  const ledger = await db.query<{ channel: string; outcome: string; wrong: string }>(
    `select l.channel, case when l.channel in ('up.bad') then 'failed' else 'done' end as outcome, count(*) filter (where l.ends <> 1 or l.numbers <> l.attempts) as wrong
     from (select s.id, max(g.channel) as channel,
         count(*) filter (where g.outcome in ('done', 'failed', 'cancelled') and (g.outcome = 'failed') = (g.channel = 'up.bad')) as ends,
         count(*) as attempts, max(g.attempt) as numbers
       from unnest($1::bigint[]) s(id) left join pgrelay.log g on g.event_id = s.id group by s.id) l
     group by 1, 2 order by 1`,
    [[...load.sent, long?.id]],
  );
  expect(ledger).toEqual(
    ['bad', 'flaky', 'leased', 'long', 'ordered', 'sql', 'tx'].map((name) => ({
      channel: `up.${name}`,
      outcome: name === 'bad' ? 'failed' : 'done',
      wrong: '0',
    })),
  );
  // In the order of the transactions that settled them: the clock of the machine may have been set back.
  const starts = await db.query<{ key: string; id: string }>(
    `select o.key, o.id::text from unnest($1::bigint[], $2::text[]) o(id, key) join pgrelay.log l on l.event_id = o.id
     where l.outcome = 'done' order by l.xmin::text::bigint`,
    [load.inOrder.map(({ id }) => id), load.inOrder.map(({ key }) => key)],
  );
  for (const key of new Set(starts.map((start) => start.key))) {
    const ids = starts.filter((start) => start.key === key).map(({ id }) => Number(id));
    expect(ids, key).toEqual(ids.toSorted((a, b) => a - b));
  }
  const exactlyOnce = await count("pgrelay.log where outcome = 'done' and channel in ('up.sql', 'up.tx')");
  expect(await count('public.effects')).toBe(exactlyOnce);
  expect(await count('(select distinct event_id from public.effects) e')).toBe(exactlyOnce);
  expect(await count("pgrelay.failed where channel = 'up.bad' and payload = '{}'")).toBe(
    await count("pgrelay.log where channel = 'up.bad' and outcome = 'failed'"), // one may have been lost before
  );
  await until(
    async () => (await count('public.totals t where t.n = (select count(*) from public.sales)')) === 1,
    'the view is fresh',
  );
  joined.signal('SIGTERM');
  expect(await joined.ended).toBe(0);
});
