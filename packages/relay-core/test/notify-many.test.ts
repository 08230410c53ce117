import { createClient, type NotifyEvent } from '@pgrelay/relay-core';
import {
  type DrizzleTransaction,
  fromDrizzle,
  fromKnex,
  fromKysely,
  fromPrisma,
  fromTypeOrm,
  type KnexTransaction,
  type KyselyTransaction,
  type PrismaTransaction,
  type TypeOrmManager,
} from '@pgrelay/relay-core/tx';
import { useDatabase } from '@pgrelay/test-support';
import { sql } from 'drizzle-orm';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const db = useDatabase();
let client: ReturnType<typeof createClient>;
beforeAll(() => {
  client = createClient({ connectionString: db.url });
});
afterAll(() => client.close());

const register = (name: string, more = '') => db.query(`select pgrelay.register_channel($1${more})`, [name]);
const count = async (name: string) =>
  (await db.query<{ n: number }>('select count(*)::int as n from pgrelay.events where channel = $1', [name]))[0]?.n;

const wrong: readonly (readonly [string, NotifyEvent, string, RegExp])[] = [
  ['a bigint', { payload: 2n }, 'RELAY_PAYLOAD_INVALID', /^event 2 of 3: .* cannot be written as JSON$/],
  ['a function', { payload: () => 1 }, 'RELAY_PAYLOAD_INVALID', /^event 2 of 3: .* is a function/],
  ['a priority', { priority: 1e6 }, 'RELAY_ARGUMENT_INVALID', /^event 2 of 3: priority is 1000000/],
  ['half a priority', { priority: 0.5 }, 'RELAY_ARGUMENT_INVALID', /^event 2 of 3: priority is 0.5/],
  ['no time', { runAt: new Date('x') }, 'RELAY_ARGUMENT_INVALID', /^event 2 of 3: runAt is Invalid Date/],
  ['a text as time', { runAt: '2026' as unknown as Date }, 'RELAY_ARGUMENT_INVALID', /^event 2 of 3: runAt is 2026/],
  ['a far time', { runAt: new Date(8e15) }, 'RELAY_ARGUMENT_INVALID', /^event 2 of 3: runAt is .* 255479 /],
  ['no delay', { delayMs: Number.NaN }, 'RELAY_ARGUMENT_INVALID', /^event 2 of 3: delayMs is NaN/],
  ['an endless delay', { delayMs: 1e300 }, 'RELAY_ARGUMENT_INVALID', /^event 2 of 3: delayMs is 1e\+300/],
  ['two times', { runAt: new Date(), delayMs: 1 }, 'RELAY_ARGUMENT_INVALID', /^event 2 of 3: both runAt and delayMs/],
  ['a key with NUL', { dedupKey: 'a\0' }, 'RELAY_ARGUMENT_INVALID', /^event 2 of 3: dedupKey/],
  ['a number as key', { dedupKey: 7 as unknown as string }, 'RELAY_ARGUMENT_INVALID', /^event 2 of 3: dedupKey/],
  ['a large payload', { payload: 'x'.repeat(99) }, 'RELAY_PAYLOAD_TOO_LARGE', /^payload 2 has 101 octets/],
];
beforeAll(() => register('m.wrong', ', p_max_payload => 64'));

describe('notifyMany', () => {
  test('sends 100,000 events with one statement, in their order', async () => {
    await register('m.many');
    const ids = await client.notifyMany(
      'm.many',
      Array.from({ length: 100_000 }, (_, n) => ({ payload: { n } })),
    );
    expect(new Set(ids).size).toBe(100_000);
    await db.query('set role pgrelay_owner');
    const [row] = await db.query(
      `select count(*)::int as events, bool_and((q.payload::json ->> 'n')::int = x.n - 1) as in_order, count(distinct q.xmin::text)::int as transactions
       from unnest($1::bigint[]) with ordinality x(id, n) join pgrelay.queue q on q.id = x.id`,
      [ids],
    );
    const [sorted] = await db.query(
      'select bool_and(id > last) as up from (select id, lag(id, 1, 0::bigint) over (order by n) as last from unnest($1::bigint[]) with ordinality x(id, n)) y',
      [ids],
    );
    await db.query('reset role');
    expect(row).toEqual({ events: 100_000, in_order: true, transactions: 1 });
    expect(sorted).toEqual({ up: true });
  });

  test('joins events with one dedup key, what waits included, at the earliest time', async () => {
    await register('m.dedup');
    const waiting = await client.notify('m.dedup', 'first', { dedupKey: 'a', delayMs: 3_600_000 });
    const ids = await client.notifyMany('m.dedup', [
      { payload: 'x', dedupKey: 'b', delayMs: 3_600_000 },
      { payload: 'again', dedupKey: 'a' },
      { payload: 'y', dedupKey: 'b' },
      { payload: 'z' },
    ]);
    expect(ids).toEqual([ids[0], waiting, ids[0], ids[3]]);
    expect(
      await db.query(
        "select id::text, dedup_key, coalesce(run_at <= clock_timestamp(), true) as due from pgrelay.events where channel = 'm.dedup' order by id",
      ),
    ).toEqual([
      { id: waiting, dedup_key: 'a', due: true },
      { id: ids[0], dedup_key: 'b', due: true },
      { id: ids[3], dedup_key: null, due: true },
    ]);
  });

  test.each(wrong)('with %s names the event and sends none', async (_, event, code, message) => {
    const sending = client.notifyMany('m.wrong', [{ payload: 1 }, event, { payload: 3 }]);
    await expect(sending).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message),
      hint: expect.any(String),
    });
    expect(await count('m.wrong')).toBe(0);
  });

  test('with more than one statement can carry says so before it is sent', async () => {
    const payload = 'x'.repeat(2 ** 20);
    const events = Array.from({ length: 200 }, () => ({ payload }));
    await expect(client.notifyMany('m.wrong', events)).rejects.toMatchObject({
      code: 'RELAY_PAYLOAD_TOO_LARGE',
      message: expect.stringMatching(/ from event 128 of 200 on$/),
    });
  });
});

describe('notify', () => {
  test.each(wrong)('with %s is refused with the same code', async (_, { payload, ...options }, code) => {
    await expect(client.notify('m.wrong', payload, options)).rejects.toMatchObject({ code });
    expect(await count('m.wrong')).toBe(0);
  });

  test.each([
    ['a pool', () => new pg.Pool({ connectionString: db.url })],
    ['nothing', () => null],
    ['a transaction that needs an adapter', () => ({ execute: () => undefined })],
  ])('in %s in place of a transaction is refused', async (_, make) => {
    const tx = make() as unknown as pg.Client;
    await expect(client.notify('m.wrong', 1, { tx })).rejects.toMatchObject({ code: 'RELAY_TRANSACTION_INVALID' });
    await expect(client.notifyMany('m.wrong', [], { tx })).rejects.toMatchObject({ code: 'RELAY_TRANSACTION_INVALID' });
    expect(await count('m.wrong')).toBe(0);
  });

  test('refuses what is no channel', async () => {
    for (const channel of [undefined, null, 7, {}, 'a\0'] as string[]) {
      await expect(client.notify(channel, 1)).rejects.toMatchObject({ code: 'RELAY_ARGUMENT_INVALID' });
      await expect(client.notifyMany(channel, [{}])).rejects.toMatchObject({ code: 'RELAY_ARGUMENT_INVALID' });
    }
  });
});

test.each([
  ['fromDrizzle', (tx: unknown) => fromDrizzle(tx as DrizzleTransaction<unknown>, sql)],
  ['fromKnex', (tx: unknown) => fromKnex(tx as KnexTransaction)],
  ['fromKysely', (tx: unknown) => fromKysely(tx as KyselyTransaction)],
  ['fromPrisma', (tx: unknown) => fromPrisma(tx as PrismaTransaction)],
  ['fromTypeOrm', (tx: unknown) => fromTypeOrm(tx as TypeOrmManager)],
])('%s refuses what is no transaction, and says what is', (name, adapt) => {
  for (const tx of [undefined, null, {}, 'tx', () => undefined]) {
    expect(() => adapt(tx)).toThrow(
      expect.objectContaining({ code: 'RELAY_TRANSACTION_INVALID', hint: expect.stringContaining(`${name}(`) }),
    );
  }
});
