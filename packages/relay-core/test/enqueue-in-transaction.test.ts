import { readFileSync } from 'node:fs';
import { createClient, defineChannel, type NotifyEvent } from '@pgrelay/relay-core';
import type { PrismaTransaction } from '@pgrelay/relay-core/tx';
import { useDatabase } from '@pgrelay/test-support';
import { afterAll, beforeAll, describe, expect, expectTypeOf, test } from 'vitest';
import { z } from 'zod';
import type { Prisma, PrismaClient } from './fixtures/prisma/generated/client.js';
import { openDrizzle, openDrizzlePostgresJs } from './support/orms/drizzle.js';
import { openKnex } from './support/orms/knex.js';
import { openKysely } from './support/orms/kysely.js';
import type { Orm } from './support/orms/orm.js';
import { openPg } from './support/orms/pg.js';
import { openPrisma } from './support/orms/prisma.js';
import { openTypeOrm } from './support/orms/typeorm.js';

const db = useDatabase();
let client: ReturnType<typeof createClient>;
/** The client's own connection would see none of a transaction: everything here goes through `tx`. */
beforeAll(async () => {
  client = createClient({ connectionString: db.url });
  await db.query('create table purchase (id bigserial primary key, item text not null unique)');
  await db.query('set role pgrelay_owner');
  await db.query("select setval('pgrelay.event_id_seq', 9007199254740993)"); // what a JavaScript number cannot hold
  await db.query('reset role');
});
afterAll(() => client.close());

const nasty = { text: `'"\\\n\t$1 ? ?? :name {a,b} ü 🦆 \u0000`, list: [null, 1.5, [], {}], none: null };
const canary = 'CANARY-91c';

describe.each<[string, (url: string) => Orm | Promise<Orm>]>([
  ['pg', openPg],
  ['Drizzle', openDrizzle],
  ['Drizzle on postgres.js', openDrizzlePostgresJs],
  ['Kysely', openKysely],
  ['Knex', openKnex],
  ['Knex, with compileSqlOnError off', (url) => openKnex(url, { compileSqlOnError: false })],
  ['TypeORM', openTypeOrm],
  ['Prisma', openPrisma],
])('a transaction of %s', (library, open) => {
  const channel = `tx.${library}`;
  let orm: Orm;
  beforeAll(async () => {
    orm = await open(db.url);
    await db.query('select pgrelay.register_channel($1)', [channel]);
  });
  afterAll(() => orm.close());

  const purchases = () => db.query('select item from purchase where item like $1 order by id', [`${library}:%`]);
  const events = async () => {
    await db.query('set role pgrelay_owner');
    const rows = await db.query(
      `select e.id::text, e.state, e.priority, e.dedup_key, coalesce(q.payload, d.payload) as payload, d.run_at
       from pgrelay.events e left join pgrelay.queue q using (id) left join pgrelay.delayed d using (id)
       where e.channel = $1 order by e.id`,
      [channel],
    );
    await db.query('reset role');
    return rows;
  };

  test('that commits has sent its events, each with its options and the payload as it was', async () => {
    const runAt = new Date('2999-12-31T23:59:59.123Z');
    const many: NotifyEvent[] = [
      { payload: nasty },
      {},
      { payload: 'p', priority: -7, dedupKey: `"k",{}\\ 'ü'` },
      { payload: [1], runAt },
      { payload: 2, delayMs: 3_600_000 },
    ];
    const ids: string[] = [];
    await orm.transaction(async ({ tx, insert }) => {
      await insert(`${library}:commit`);
      ids.push(await client.notify(channel, nasty, { tx, priority: 3, dedupKey: 'ö' }));
      ids.push(await client.notify(channel, undefined, { tx, runAt }));
      ids.push(...(await client.notifyMany(channel, many, { tx })));
      expect(await client.notifyMany(channel, [], { tx })).toEqual([]);
      expect(await events()).toEqual([]); // nobody else sees them yet
    });
    expect(await purchases()).toEqual([{ item: `${library}:commit` }]);
    const text = JSON.stringify(nasty);
    const ready = { state: 'ready', priority: 0, dedup_key: null, run_at: null };
    expect(await events()).toEqual([
      { ...ready, id: ids[0], priority: 3, dedup_key: 'ö', payload: text },
      { ...ready, id: ids[1], state: 'delayed', payload: null, run_at: runAt },
      { ...ready, id: ids[2], payload: text },
      { ...ready, id: ids[3], payload: null },
      { ...ready, id: ids[4], priority: -7, dedup_key: `"k",{}\\ 'ü'`, payload: '"p"' },
      { ...ready, id: ids[5], state: 'delayed', payload: '[1]', run_at: runAt },
      { ...ready, id: ids[6], state: 'delayed', payload: '2', run_at: expect.any(Date) },
    ]);
    expect(ids.every((id) => BigInt(id) > 2n ** 53n)).toBe(true);
  });

  test('that rolls back has sent none', async () => {
    const before = await events();
    const rolledBack = orm.transaction(async ({ tx, insert }) => {
      await insert(`${library}:rollback`);
      await client.notify(channel, 1, { tx });
      await client.notifyMany(channel, [{ payload: 2 }, { payload: 3 }], { tx });
      throw new Error('no');
    });
    await expect(rolledBack).rejects.toThrow('no');
    expect(await events()).toEqual(before);
    expect(await purchases()).not.toContainEqual({ item: `${library}:rollback` });
  });

  test('is aborted by an event that PostgreSQL refuses; the error is coded and has no payload', async () => {
    let refused: unknown;
    const aborted = orm.transaction(async ({ tx, insert }) => {
      await insert(`${library}:aborted`);
      refused = await client.notify('tx.nowhere', canary, { tx }).catch((error: unknown) => error);
      await insert(`${library}:after`); // in an aborted transaction every statement fails
    });
    await expect(aborted).rejects.toThrow();
    expect(refused).toMatchObject({
      name: 'RelayError',
      code: 'RELAY_CHANNEL_UNKNOWN',
      message: "channel 'tx.nowhere' is not registered",
      hint: expect.stringContaining('register_channel'),
      cause: { code: 'PR001' },
    });
    expect(String((refused as Error).cause) + JSON.stringify((refused as Error).cause)).not.toContain(canary);
    expect(await purchases()).toEqual([{ item: `${library}:commit` }]);
  });

  test('goes on after such an error under a savepoint', async () => {
    await orm.transaction(async ({ insert, nested, tx }) => {
      await insert(`${library}:savepoint`);
      const refused = nested(async (inner) => {
        await client.notify(channel, 'undone', { tx: inner.tx });
        await client.notifyMany(channel, [{ payload: 1 }, { payload: 'x'.repeat(2 ** 20) }], { tx: inner.tx });
      });
      await expect(refused).rejects.toMatchObject({
        code: 'RELAY_PAYLOAD_TOO_LARGE',
        message: expect.stringMatching(/^payload 2 has 1048578 octets, channel 'tx\..*' takes at most 1048576$/),
      });
      await client.notify(channel, 'went on', { tx });
    });
    expect(await purchases()).toContainEqual({ item: `${library}:savepoint` });
    const payloads = (await events()).map(({ payload }) => payload);
    expect(payloads).toContain('"went on"');
    expect(payloads).not.toContain('"undone"');
  });

  test('is not touched by a payload or an option that is refused before it is sent', async () => {
    const typed = defineChannel(channel, { payload: z.object({ pieces: z.number() }) });
    await orm.transaction(async ({ tx, insert }) => {
      const wrong = { pieces: canary } as unknown as { pieces: number };
      await expect(client.notify(typed, wrong, { tx })).rejects.toMatchObject({ code: 'RELAY_PAYLOAD_INVALID' });
      await expect(client.notify(channel, 1n, { tx })).rejects.toMatchObject({ code: 'RELAY_PAYLOAD_INVALID' });
      await expect(client.notify(channel, 1, { tx, priority: 0.5 })).rejects.toMatchObject({
        code: 'RELAY_ARGUMENT_INVALID',
      });
      await insert(`${library}:untouched`);
      await client.notify(typed, { pieces: 77 }, { tx });
    });
    expect(await purchases()).toContainEqual({ item: `${library}:untouched` });
    expect((await events()).at(-1)).toMatchObject({ payload: '{"pieces":77}' });
  });

  test('runs any statement with its parameters, also one that stands twice', async () => {
    const text = `select $2::text as two, $1::int as one, $2::text as again, '{"k": 1}'::jsonb ? 'k' as has, $3::int[]::text as many, $4::timestamptz = '2026-01-02T03:04:05.678Z' as same`;
    const at = new Date('2026-01-02T03:04:05.678Z');
    await orm.transaction(async ({ tx }) => {
      const { rows, rowCount } = await tx.query(text, [1, 'x', [3, null, 4], at]);
      expect(rows).toEqual([{ two: 'x', one: 1, again: 'x', has: true, many: '{3,NULL,4}', same: true }]);
      expect(rowCount).toBe(1);
    });
  });

  test('is asked for: what is none is refused', async () => {
    const misuse = async () => client.notify(channel, 1, { tx: orm.misuse() });
    await expect(misuse()).rejects.toMatchObject({ code: 'RELAY_TRANSACTION_INVALID', hint: expect.any(String) });
  });
});

describe('Prisma', () => {
  test('its whole client is no transaction for the compiler either', () => {
    expectTypeOf<Prisma.TransactionClient>().toExtend<PrismaTransaction>();
    expectTypeOf<PrismaClient>().not.toExtend<PrismaTransaction>();
  });

  test('its client was made of the schema beside it', () => {
    const folder = new URL('./fixtures/prisma/', import.meta.url);
    const schema = readFileSync(new URL('schema.prisma', folder), 'utf8');
    expect(readFileSync(new URL('generated/internal/class.ts', folder), 'utf8')).toContain(JSON.stringify(schema));
  });
});
