import { useDatabase } from '@pgrelay/test-support';
import type pg from 'pg';
import { beforeAll, describe, expect, test } from 'vitest';
import { channelId, type Slot, takeSlot } from './support/slot.js';

const db = useDatabase();
const batch = 100;
let slot: Slot;
let channels: { readonly handler: number; readonly sql: number };

/** How the queue was read: scans begun since the server counts, per kind, and pages of the table and its indexes. */
interface Reads {
  readonly sequential: number;
  readonly ready: number;
  readonly claimed: number;
  readonly primary: number;
  readonly pages: number;
}
const readsOf = `select pg_stat_get_xact_numscans('pgrelay.queue'::regclass)::int as sequential,
  pg_stat_get_xact_numscans('pgrelay.queue_ready'::regclass)::int as ready,
  pg_stat_get_xact_numscans('pgrelay.queue_claimed'::regclass)::int as claimed,
  pg_stat_get_xact_numscans('pgrelay.queue_pkey'::regclass)::int as primary,
  (select sum(pg_stat_get_xact_blocks_fetched(c)) from unnest(array['pgrelay.queue', 'pgrelay.queue_ready', 'pgrelay.queue_claimed',
    'pgrelay.queue_pkey']::regclass[]) c)::int as pages`;

/** Runs a call and undoes it; what it read, and its first row. */
async function reads<T extends pg.QueryResultRow>(client: pg.Client, sql: string, values: unknown[]) {
  const look = async () => (await client.query<Reads>(readsOf)).rows[0] as Reads;
  await client.query('begin');
  const before = await look();
  const { rows } = await client.query<T>(sql, values);
  const after = await look();
  await client.query('rollback');
  const kinds = Object.keys(after) as (keyof Reads)[];
  const spent = Object.fromEntries(kinds.map((kind) => [kind, after[kind] - before[kind]])) as unknown as Reads;
  return { ...spent, rows };
}

/** A Processor's marks, as its tick would make them now, and those of one channel. */
async function marksNow(client: pg.Client) {
  const { rows } = await client.query<{ channels: number[]; priorities: number[]; lows: string[] }>(
    'select m.channels, m.priorities, m.lows::text[] from pgrelay.horizon_v1() h, pgrelay.marks_v1(h.cand) m',
  );
  const all = rows[0] ?? { channels: [], priorities: [], lows: [] };
  const of = (channel: number) => {
    const at = all.channels.flatMap((id, index) => (id === channel ? [index] : []));
    return [at.map((index) => all.priorities[index]), at.map((index) => all.lows[index])] as const;
  };
  return { all, of };
}

async function calls(client: pg.Client) {
  const { all, of } = await marksNow(client);
  const { handler, sql } = channels;
  return {
    claim: await reads(client, 'select * from pgrelay.claim_v1($1, $2, 1::smallint, $3, $4, $5, $6)', [
      slot.slot,
      slot.epoch,
      handler,
      batch,
      ...of(handler),
    ]),
    run: await reads<{ taken: number }>(
      client,
      'select * from pgrelay.run_batch_v1($1, $2, 1::smallint, $3, $4, false, 10000, $5, $6)',
      [slot.slot, slot.epoch, sql, batch, ...of(sql)],
    ),
    poll: await reads(client, 'select * from pgrelay.poll_v1($1, $2, $3, $4)', [
      [handler],
      all.channels,
      all.priorities,
      all.lows,
    ]),
    peek: await reads(client, 'select pgrelay.peek_v1($1, $2, $3, $4)', [sql, batch, ...of(sql)]),
  };
}

/** The plan of every call: lanes by the index of ready events, and rows by TID, which is counted nowhere. */
function expectPlans(all: Awaited<ReturnType<typeof calls>>): void {
  for (const call of Object.values(all)) expect(call).toMatchObject({ sequential: 0, claimed: 0, primary: 0 });
  expect(all.poll.pages).toBeLessThan(20); // a page a level of the index, for each lane
}

const fill = async (n: number) => {
  for (const priority of [0, 5])
    for (const name of ['plan.handler', 'plan.sql'])
      await db.query('select pgrelay.notify($1, $2, null, $3) from generate_series(1, $4::int)', [
        name,
        'x'.repeat(60),
        priority,
        n / 4,
      ]);
};
const asOwner = async (sql: string) => {
  await db.query(`set role pgrelay_owner; ${sql}; reset role`);
};

beforeAll(async () => {
  slot = await takeSlot(db, 3_600_000);
  await db.query("select pgrelay.register_channel('plan.handler'), pgrelay.register_channel('plan.sql', 'select 1')");
  channels = { handler: await channelId(db, 'plan.handler'), sql: await channelId(db, 'plan.sql') };
});

describe('the plan of a claim', () => {
  test('holds on an empty, a huge and a freshly analysed queue, and dead rows do not make it dearer', async () => {
    const old = await db.connect(); // keeps the plans that it made while the queue was empty
    const holder = await db.connect();
    await asOwner('analyze pgrelay.queue');
    for (let i = 0; i < 8; i += 1) expectPlans(await calls(old));
    await fill(4 * batch);
    for (let i = 0; i < 8; i += 1) expectPlans(await calls(old));

    await holder.query('begin isolation level repeatable read');
    await holder.query('select 1');
    const measured: { claim: number; run: number }[] = [];
    let dead = 0;
    for (const target of [20_000, 200_000]) {
      await fill(target - dead);
      await asOwner('delete from pgrelay.queue');
      dead = target;
      await fill(4 * batch);
      for (const analysed of [false, true]) {
        if (analysed) await asOwner('analyze pgrelay.queue');
        for (const client of [old, await db.connect()]) {
          const all = await calls(client);
          expectPlans(all);
          expect(all.claim.rows).toHaveLength(batch);
          expect(all.run.rows[0]?.taken).toBe(batch);
          expect(all.claim.ready).toBeLessThanOrEqual(2);
          if (client === old && !analysed) measured.push({ claim: all.claim.pages, run: all.run.pages });
        }
      }
    }
    const [few, many] = measured;
    for (const kind of ['claim', 'run'] as const)
      expect((many?.[kind] ?? 0) / (few?.[kind] ?? 1), kind).toBeLessThanOrEqual(1.2);

    // Without marks it is another matter: this is what they save.
    const bare = await reads(old, 'select * from pgrelay.claim_v1($1, $2, 1::smallint, $3, $4)', [
      slot.slot,
      slot.epoch,
      channels.handler,
      batch,
    ]);
    expect(bare.pages - (many?.claim ?? 0)).toBeGreaterThan(800);
    await holder.query('rollback');
  });

  test('ending attempts finds rows by their ids, not through the dead rows of earlier claims', async () => {
    const client = await db.connect();
    await asOwner('delete from pgrelay.queue');
    for (let i = 0; i < 8; i += 1) {
      await fill(40);
      const { rows } = await client.query<{ id: string }>(
        'select id::text from pgrelay.claim_v1($1, $2, 1::smallint, $3, 10)',
        [slot.slot, slot.epoch, channels.handler],
      );
      const ids = rows.map((row) => row.id);
      const same = (value: unknown) => ids.map(() => value);
      const settled = await reads(client, 'select * from pgrelay.settle_v1($1, $2, $3, $4, $5, $6, $7, $8, $9)', [
        slot.slot,
        slot.epoch,
        ids,
        same(1),
        same('done'),
        same(null),
        same(1),
        same(0),
        same(null),
      ]);
      expect(settled.rows).toHaveLength(10);
      expect(settled).toMatchObject({ sequential: 0, claimed: 0, ready: 0 });
      const released = await reads(client, 'select pgrelay.release_v1($1, $2, $3)', [slot.slot, slot.epoch, ids]);
      expect(released).toMatchObject({ sequential: 0, claimed: 0, ready: 0 });
    }
  });

  test('a rescue looks at no epoch in which a Processor works', async () => {
    const client = await db.connect();
    await asOwner('delete from pgrelay.queue');
    const holder = await db.connect();
    await holder.query('begin isolation level repeatable read');
    await holder.query('select 1');
    const before = await reads(client, 'select pgrelay.rescue_v1()', []);
    await fill(16_000);
    await client.query('select from pgrelay.claim_v1($1, $2, 1::smallint, $3, 4000)', [
      slot.slot,
      slot.epoch,
      channels.handler,
    ]);
    await asOwner('delete from pgrelay.queue');
    const rescued = await reads(client, 'select pgrelay.rescue_v1()', []);
    expect(rescued).toMatchObject({ sequential: 0, ready: 0, primary: 0 });
    expect(rescued.pages - before.pages).toBeLessThan(20);
    await holder.query('rollback');
  });
});
