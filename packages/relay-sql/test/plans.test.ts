import { useDatabase } from '@pgrelay/test-support';
import type pg from 'pg';
import { beforeAll, describe, expect, test } from 'vitest';
import { readsOf } from './support/plan-reads.js';
import { channelId, type Slot, takeSlot } from './support/slot.js';

const db = useDatabase();
const BATCH = 100;
let slot: Slot;
let channels: {
  readonly handler: number;
  readonly sql: number;
  readonly alone: number;
  readonly keyed: number;
  readonly inOrder: number;
  readonly counted: number;
  readonly expiring: number;
};
const asOwner = (sql: string) => db.query(`set role pgrelay_owner; ${sql}; reset role`);

interface Call {
  readonly sql: string;
  /** Its arguments; what it does to get them is undone and not counted. */
  readonly values: (client: pg.Client) => Promise<readonly unknown[]>;
  /** The only indexes it may walk; tables are read by TID, which is counted nowhere, and never from end to end. */
  readonly indexes: readonly string[];
  /** How many rows it must give, so that it is seen to have worked. */
  readonly rows?: number;
  /** How many ready events the first of them must say that it took. */
  readonly taken?: number;
}

/** A Processor's marks, as its tick would make them now. */
async function marks(client: pg.Client) {
  const { rows } = await client.query<{ channels: number[]; priorities: number[]; lows: string[] }>(
    'select m.channels, m.priorities, m.lows::text[] from pgrelay.horizon_v1() h, pgrelay.marks_v1(h.cand) m',
  );
  return rows[0] ?? { channels: [], priorities: [], lows: [] };
}

/** The marks of one channel: priorities and lows. */
async function marksOf(client: pg.Client, channel: number) {
  const all = await marks(client);
  const at = all.channels.flatMap((id, index) => (id === channel ? [index] : []));
  return [at.map((index) => all.priorities[index]), at.map((index) => all.lows[index])] as const;
}

/** Ten events claimed just now; of an empty queue one that is not there. */
async function claimed(client: pg.Client, by = slot) {
  const { rows } = await client.query<{ id: string; attempt: number }>(
    'select id::text, attempt from pgrelay.claim_v1($1, $2, 1::smallint, $3, 10, $4, $5)',
    [by.slot, by.epoch, channels.handler, ...(await marksOf(client, channels.handler))],
  );
  const found = rows.length > 0 ? rows : [{ id: '-1', attempt: 1 }];
  return { ids: found.map((row) => row.id), attempts: found.map((row) => row.attempt) };
}

const settling = (outcome: string): Call => ({
  sql: 'select * from pgrelay.settle_v1($1, $2, $3, $4, $5, $6, $7, $8, $9)',
  values: async (client) => {
    const { ids, attempts } = await claimed(client);
    const same = (value: unknown) => ids.map(() => value);
    return [slot.slot, slot.epoch, ids, attempts, same(outcome), same(60_000), same(1), same(0), same('{"code": "x"}')];
  },
  indexes: ['queue_pkey', 'dedup_pkey'],
});

/** What a Processor calls again and again. A function of the hot path belongs here. */
const CALLS: Readonly<Record<string, Call>> = {
  claim_v1: {
    sql: 'select * from pgrelay.claim_v1($1, $2, 1::smallint, $3, $4, $5, $6)',
    values: async (c) => [slot.slot, slot.epoch, channels.handler, BATCH, ...(await marksOf(c, channels.handler))],
    indexes: ['queue_ready'],
    rows: BATCH,
  },
  'claim_v1 of a channel in order by key': {
    sql: 'select * from pgrelay.claim_v1($1, $2, 1::smallint, $3, 10)',
    values: async (c) => {
      await c.query("select pgrelay.notify('plan.in-order', p_key => 'k' || x / 2) from generate_series(0, 19) x");
      return [slot.slot, slot.epoch, channels.inOrder];
    },
    indexes: ['queue_permit', 'queue_key', 'queue_ready', 'delayed_key'],
    rows: 10,
  },
  'claim_v1 of a channel with a concurrency and a rate': {
    sql: 'select * from pgrelay.claim_v1($1, $2, 1::smallint, $3, 10)',
    values: async (c) => {
      await c.query("select pgrelay.notify('plan.counted') from generate_series(1, 10) x");
      return [slot.slot, slot.epoch, channels.counted];
    },
    indexes: ['queue_permit', 'queue_ready'],
    rows: 10,
  },
  'has_room_v1, by key': {
    sql: 'select where pgrelay.has_room_v1($1)',
    values: async (c) => {
      await c.query("select pgrelay.notify('plan.in-order', p_key => 'k' || x / 2) from generate_series(0, 19) x");
      return [channels.inOrder];
    },
    indexes: ['queue_permit', 'queue_key', 'queue_ready', 'delayed_key'],
    rows: 1,
  },
  run_batch_v1: {
    sql: 'select * from pgrelay.run_batch_v1($1, $2, 1::smallint, $3, $4, false, 600000, $5, $6)',
    values: async (c) => [slot.slot, slot.epoch, channels.sql, BATCH, ...(await marksOf(c, channels.sql))],
    indexes: ['queue_ready'],
    taken: BATCH,
  },
  'run_batch_v1 of one event': {
    sql: 'select * from pgrelay.run_batch_v1($1, $2, 1::smallint, $3, 1, true, 600000, p_only_id => $4)',
    values: async (c) => {
      const { rows } = await c.query('select (pgrelay.peek_v1($1, 1, $2, $3))[1]::text as id', [
        channels.sql,
        ...(await marksOf(c, channels.sql)),
      ]);
      return [slot.slot, slot.epoch, channels.sql, rows[0]?.id ?? -1];
    },
    indexes: ['queue_pkey'],
    taken: 1,
  },
  fail_v1: {
    sql: "select pgrelay.fail_v1($1, $2, 1::smallint, $3, 0, jsonb_build_object('sqlstate', '57014', 'code', 'action_timeout')) as outcome",
    values: async (c) => {
      const { rows } = await c.query('select (pgrelay.peek_v1($1, 1, $2, $3))[1]::text as id', [
        channels.sql,
        ...(await marksOf(c, channels.sql)),
      ]);
      return [slot.slot, slot.epoch, rows[0]?.id ?? -1];
    },
    indexes: ['queue_pkey', 'dedup_pkey'],
    rows: 1,
  },
  peek_v1: {
    sql: 'select unnest(pgrelay.peek_v1($1, $2, $3, $4))',
    values: async (c) => [channels.sql, BATCH, ...(await marksOf(c, channels.sql))],
    indexes: ['queue_ready'],
    rows: BATCH,
  },
  poll_v1: {
    sql: 'select * from pgrelay.poll_v1($1, $2, $3, $4) where channel_id is not null',
    values: async (c) => {
      const all = await marks(c);
      return [[channels.handler], all.channels, all.priorities, all.lows];
    },
    indexes: ['queue_ready', 'delayed_due', 'delayed_marks', 'delayed_marks_due'],
    rows: 2,
  },
  look_v1: {
    sql: 'select json_array_elements(channels) from pgrelay.look_v1($1, $2, $3, $4, null, null, false, true, true, false, false)',
    values: async (c) => {
      const all = await marks(c);
      return [[channels.handler], all.channels, all.priorities, all.lows];
    },
    indexes: ['queue_ready', 'delayed_due', 'delayed_marks', 'delayed_marks_due'],
    rows: 2,
  },
  complete_v1: {
    sql: 'select from generate_series(1, pgrelay.complete_v1($1, $2, $3, $4, array_fill(1::float8, array[cardinality($3::bigint[])]), array_fill(0::float8, array[cardinality($3::bigint[])])))',
    values: async (c) => {
      const { ids, attempts } = await claimed(c);
      return [slot.slot, slot.epoch, ids, attempts];
    },
    indexes: ['queue_pkey'],
    rows: 10,
  },
  marks_v1: {
    sql: 'select * from pgrelay.horizon_v1() h, pgrelay.marks_v1(h.cand, $1, $2, $3) m',
    values: async (c) => {
      const all = await marks(c);
      return [all.channels, all.priorities, all.lows];
    },
    indexes: ['queue_ready'],
    rows: 1,
  },
  promote_v1: {
    sql: 'select pgrelay.promote_v1(10)',
    values: async () => [],
    indexes: ['delayed_due', 'delayed_marks', 'delayed_marks_due'],
    rows: 1,
  },
  'promote_v1 of what is due': {
    sql: 'select pgrelay.promote_v1(10)',
    values: async (c) => {
      await c.query("select pgrelay.notify('plan.handler', 'x', clock_timestamp() + interval '1 ms'), pg_sleep(0.002)");
      return [];
    },
    indexes: ['delayed_due', 'delayed_marks', 'delayed_marks_due'],
    rows: 1,
  },
  'promote_v1 that collapses': {
    sql: 'select pgrelay.promote_v1(10)',
    values: async (c) => {
      await c.query("select pgrelay.set_debounce('plan.debounced', '1 ms')");
      await c.query("select pgrelay.notify('plan.debounced', 'x', p_dedup_key => 'k') from generate_series(1, 10)");
      await c.query('select pg_sleep(0.002)');
      return [];
    },
    indexes: ['delayed_due', 'delayed_marks', 'delayed_marks_due', 'delayed_pkey', 'queue_pkey'],
    rows: 1,
  },
  'claim_v1, where events expire': {
    sql: 'select * from pgrelay.claim_v1($1, $2, 1::smallint, $3, $4, $5, $6)',
    values: async (c) => {
      await c.query("select pgrelay.set_expiry('plan.expiring', '1 hour')");
      await c.query("select pgrelay.notify('plan.expiring', 'x') from generate_series(1, 10)");
      return [slot.slot, slot.epoch, channels.expiring, 10, ...(await marksOf(c, channels.expiring))];
    },
    indexes: ['queue_ready'],
    rows: 10,
  },
  'settle_v1, done': { ...settling('done'), rows: 10 },
  'settle_v1, retried': { ...settling('retried'), rows: 10 },
  'settle_v1, failed': { ...settling('failed'), rows: 10 },
  'notify, under a key that waits': {
    sql: "select pgrelay.notify('plan.handler', p_dedup_key => 'mine')",
    values: async (c) => {
      await c.query("select pgrelay.notify('plan.handler', p_dedup_key => 'mine')");
      return [];
    },
    indexes: ['dedup_pkey', 'queue_pkey', 'delayed_pkey'],
    rows: 1,
  },
  'run_batch_v1, of events with keys': {
    sql: 'select * from pgrelay.run_batch_v1($1, $2, 1::smallint, $3, 10, false, 600000)',
    values: async (c) => {
      await c.query("select pgrelay.notify('plan.keyed', p_dedup_key => 'k' || x) from generate_series(1, 10) x");
      return [slot.slot, slot.epoch, channels.keyed];
    },
    indexes: ['queue_ready', 'dedup_pkey'],
    taken: 10,
  },
  release_v1: {
    sql: 'select pgrelay.release_v1($1, $2, $3)',
    values: async (c) => [slot.slot, slot.epoch, (await claimed(c)).ids],
    indexes: ['queue_pkey'],
  },
  reclaim_v1: {
    sql: 'select * from pgrelay.reclaim_v1($1, $2)',
    values: async (c) => {
      await claimed(c);
      return [slot.slot, slot.epoch];
    },
    indexes: ['queue_claimed'],
    rows: 10,
  },
  rescue_v1: {
    sql: 'select from generate_series(1, pgrelay.rescue_v1())',
    values: async (c) => {
      const dead = await takeSlot({ query: async (sql, params) => (await c.query(sql, [...(params ?? [])])).rows }, 0);
      await claimed(c, dead);
      await c.query('select pgrelay.bury_v1()');
      return [];
    },
    indexes: ['queue_claimed'],
    rows: 10,
  },
  'rescue_v1 that quarantines': {
    sql: 'select from generate_series(1, pgrelay.rescue_v1())',
    values: async (c) => {
      await c.query("select pgrelay.notify('plan.alone', p_dedup_key => 'deadly')");
      for (let lost = 0; lost < 3; lost += 1) {
        const dead = await takeSlot(
          { query: async (sql, params) => (await c.query(sql, [...(params ?? [])])).rows },
          0,
        );
        await c.query('select pgrelay.claim_v1($1, $2, 1::smallint, $3, 1)', [dead.slot, dead.epoch, channels.alone]);
        await c.query('select pgrelay.bury_v1()');
        if (lost < 2) await c.query('select pgrelay.rescue_v1()');
      }
      return [];
    },
    indexes: ['queue_claimed', 'dedup_pkey'],
    rows: 1,
  },
};

/** Every call, on a connection; pages by call. `full`: there are events, so each must be seen to work. */
async function expectPlans(client: pg.Client, situation: string, full: boolean): Promise<Record<string, number>> {
  const pages: Record<string, number> = {};
  for (const [name, { sql, values, indexes, rows, taken }] of Object.entries(CALLS)) {
    const reads = await readsOf(client, sql, values);
    const wrong = Object.keys(reads.scans).filter((relation) => !indexes.includes(relation));
    expect(wrong, `${name} reads nothing but ${indexes.join(', ')}; ${situation}`).toEqual([]);
    if (full && rows !== undefined) expect(reads.rows, `${name}; ${situation}`).toHaveLength(rows);
    if (full && taken !== undefined) expect(reads.rows, `${name}; ${situation}`).toMatchObject([{ taken }]);
    pages[name] = reads.pages;
  }
  return pages;
}

const fill = async (events: number) => {
  for (const name of ['plan.handler', 'plan.sql'])
    for (const priority of [0, 5])
      for (let left = events / 4; left > 0; left -= 10_000)
        await db.query(
          'select from pgrelay.notify_many($1, array_fill($2::text, array[$3::integer]), null, array_fill($4::int, array[$3::integer]))',
          [name, 'x'.repeat(60), Math.min(left, 10_000), priority],
        );
};

/** The plans are made at once for any arguments, as they are after the fifth call anyway. */
async function generic(): Promise<pg.Client> {
  const client = await db.connect();
  await client.query('set plan_cache_mode = force_generic_plan');
  return client;
}

beforeAll(async () => {
  slot = await takeSlot(db, 3_600_000);
  await db.query("select pgrelay.register_channel('plan.handler'), pgrelay.register_channel('plan.sql', 'select 1')");
  await db.query("select pgrelay.register_channel('plan.alone'), pgrelay.register_channel('plan.keyed', 'select 1')");
  await db.query("select pgrelay.register_channel('plan.in-order'), pgrelay.register_channel('plan.counted')");
  await db.query("select pgrelay.set_limits('plan.in-order', p_fifo => true, p_concurrency => 1000)");
  await db.query(
    "select pgrelay.set_limits('plan.counted', p_concurrency => 1000, p_rate => 1000000, p_rate_period => '1 second')",
  );
  await db.query("select pgrelay.register_channel('plan.debounced'), pgrelay.register_channel('plan.expiring')");
  channels = {
    handler: await channelId(db, 'plan.handler'),
    sql: await channelId(db, 'plan.sql'),
    alone: await channelId(db, 'plan.alone'),
    keyed: await channelId(db, 'plan.keyed'),
    inOrder: await channelId(db, 'plan.in-order'),
    counted: await channelId(db, 'plan.counted'),
    expiring: await channelId(db, 'plan.expiring'),
  };
  // Whether dead rows are there is up to the test, not to a vacuum that comes in between.
  for (const table of ['queue', 'delayed', 'dedup', 'failed'])
    await asOwner(`alter table pgrelay.${table} set (autovacuum_enabled = off)`);
});

describe('the plan of what a Processor calls', () => {
  test('holds on an empty, a huge and a freshly analysed queue, and dead rows do not make it dearer', async () => {
    const old = await db.connect(); // keeps the plans that it made while the queue was empty
    const oldGeneric = await generic();
    const analyse = () => asOwner('analyze pgrelay.queue; analyze pgrelay.delayed; analyze pgrelay.dedup');
    const everyone = async (situation: string, full: boolean) => {
      await expectPlans(await db.connect(), `${situation}, new connection`, full);
      await expectPlans(await generic(), `${situation}, new connection, generic plans`, full);
      await expectPlans(oldGeneric, `${situation}, old connection, generic plans`, full);
      return expectPlans(old, `${situation}, old connection`, full);
    };

    for (let i = 0; i < 6; i += 1) await expectPlans(old, 'never analysed, empty', false); // then its plans are generic, too
    await everyone('never analysed, empty', false);
    await analyse();
    await everyone('analysed, empty', false);
    await fill(4 * BATCH);
    for (let i = 0; i < 6; i += 1) await expectPlans(old, 'analysed while empty, a few events', true);
    await everyone('analysed while empty, a few events', true);

    const holder = await db.connect();
    await holder.query('begin isolation level repeatable read');
    await holder.query('select 1');
    const measured: Record<string, number>[] = [];
    let dead = 0;
    for (const target of [20_000, 200_000]) {
      await fill(target - dead);
      await asOwner('delete from pgrelay.queue');
      dead = target;
      await fill(4 * BATCH);
      measured.push(await everyone(`${dead} dead rows`, true));
      await analyse();
      await everyone(`${dead} dead rows, analysed`, true);
    }
    const [few, many] = measured;
    for (const name of Object.keys(CALLS)) {
      // A level more of an index costs a page a descent, and a rescue goes down for each of the 64 slots.
      const most = 1.2 * (few?.[name] ?? 0) + 100;
      expect(many?.[name], `pages of ${name} beside ${few?.[name]} with a tenth of the dead rows`).toBeLessThanOrEqual(
        most,
      );
    }

    // Without marks it is another matter: this is what they save.
    const bare = await readsOf(old, 'select * from pgrelay.claim_v1($1, $2, 1::smallint, $3, $4)', async () => [
      slot.slot,
      slot.epoch,
      channels.handler,
      BATCH,
    ]);
    expect(bare.pages - (many?.['claim_v1'] ?? 0)).toBeGreaterThan(800);
    await holder.query('rollback');
  });

  test('holds with a hundred thousand events that wait: ready ones, those of a paused channel, and delayed ones', async () => {
    const old = await generic();
    await asOwner('truncate pgrelay.queue');
    await fill(4 * BATCH);
    const before = await expectPlans(old, 'a few events', true);
    await db.query("select pgrelay.register_channel('plan.paused'), pgrelay.pause_channel('plan.paused')");
    const many = "array_fill('x'::text, array[100000])";
    await db.query(`select from pgrelay.notify_many('plan.paused', ${many})`);
    await asOwner(
      `insert into pgrelay.delayed (id, channel_id, node, enqueued_at, run_at, dedup_key)
         select -x, ${channels.handler}, n.id, now(), now() + interval '1 day', 'key ' || x from generate_series(1, 100000) x, pgrelay.node n where n.is_this;
       insert into pgrelay.dedup (channel_id, key, event_id) select ${channels.handler}, 'key ' || x, -x from generate_series(1, 100000) x`,
    );
    await fill(100_000);
    for (const analysed of [false, true]) {
      if (analysed) await asOwner('analyze pgrelay.queue; analyze pgrelay.delayed; analyze pgrelay.dedup');
      for (const client of [old, await generic(), await db.connect()]) {
        const pages = await expectPlans(client, `many wait${analysed ? ', analysed' : ''}`, true);
        for (const name of Object.keys(CALLS)) {
          // Each index that a changed row goes into is a level or two higher; a walk would be a thousand times more.
          const most = 1.5 * (before[name] ?? 0) + 200;
          expect(
            pages[name],
            `pages of ${name} beside ${before[name]} with few; analysed: ${analysed}`,
          ).toBeLessThanOrEqual(most);
        }
      }
    }
  });

  test('of a rescue: it looks at no epoch in which a Processor works', async () => {
    const client = await db.connect();
    await asOwner('delete from pgrelay.queue');
    const holder = await db.connect();
    await holder.query('begin isolation level repeatable read');
    await holder.query('select 1');
    const rescue = () => readsOf(client, 'select pgrelay.rescue_v1()', async () => []);
    const before = await rescue();
    await fill(16_000);
    await client.query('select from pgrelay.claim_v1($1, $2, 1::smallint, $3, 4000)', [
      slot.slot,
      slot.epoch,
      channels.handler,
    ]);
    await asOwner('delete from pgrelay.queue');
    const rescued = await rescue();
    expect(Object.keys(rescued.scans)).toEqual(['queue_claimed']);
    expect(rescued.pages - before.pages).toBeLessThan(100);
    await holder.query('rollback');
  });
});
