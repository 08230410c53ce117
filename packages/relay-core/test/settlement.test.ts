import { createClient, defineHandler, fail, type HandlerResult, retryIn, snooze } from '@pgrelay/relay-core';
import { useDatabase } from '@pgrelay/test-support';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { outcomes, running, untilIdle } from './support/running.js';

const db = useDatabase();
let client: ReturnType<typeof createClient>;

beforeAll(() => {
  client = createClient({ connectionString: db.url });
});
afterAll(() => client.close());

const thrown = (error: unknown) => () => {
  throw error;
};
const unfit: readonly (readonly [string, () => HandlerResult, string])[] = [
  ['an error text cut in the middle of a character', thrown(new Error(`${'a'.repeat(8191)}😀`)), 'handler_error'],
  ['half a character', thrown(new Error('\ud83d')), 'handler_error'],
  ['a detail that is no text', thrown(Object.assign(new Error('x'), { detail: { a: 1 } })), 'handler_error'],
  ['something that has no text', thrown(Object.create(null)), 'handler_error'],
  ['fail() with a NUL', () => fail('c', 'x\0'), 'c'],
  ['fail() with a code that is half a character', () => fail('\udc00'), '\ufffd'],
  ['retryIn(NaN)', () => retryIn(Number.NaN), 'handler_error'],
  ['retryIn(-1)', () => retryIn(-1), 'handler_error'],
  ['retryIn() of a thousand years', () => retryIn(1e3 * 365 * 86_400_000), 'handler_error'],
  ['snooze(Infinity)', () => snooze(Number.POSITIVE_INFINITY), 'handler_error'],
];

describe.each(['leased', 'transactional'] as const)('a %s handler that ends with', (mode) => {
  test.each(unfit)('%s fails alone; the others of its channel are settled', async (name, end, code) => {
    const channel = `u.${mode}.${name}`;
    await running(db, { handlers: [defineHandler(channel, { mode }, (event) => (event.payload ? end() : undefined))] });
    await client.notifyMany(
      channel,
      [1, 0, 0].map((payload) => ({ payload })),
    );
    await untilIdle(db, channel);
    const ends = (await outcomes(db, channel)).map((row) => [row.outcome, row.code]);
    expect(ends).toHaveLength(3);
    expect(ends).toEqual(
      expect.arrayContaining([
        ['done', null],
        ['failed', code],
      ]),
    );
  });
});

test('an end that the database refuses is written as a failure; the ends beside it are as they were', async () => {
  await db.query('set role pgrelay_owner');
  await db.query("alter table pgrelay.failed add constraint refused check (message <> 'refuse me')");
  await db.query('reset role');
  await running(db, {
    handlers: [
      defineHandler('u.refused', (event) => (event.payload === 3 ? fail('c', 'refuse me') : undefined)),
      defineHandler('u.refused.tx', { mode: 'transactional' }, () => fail('c', 'refuse me')),
    ],
  });
  await client.notifyMany(
    'u.refused',
    [1, 2, 3, 4, 5].map((payload) => ({ payload })),
  );
  await client.notify('u.refused.tx');
  await untilIdle(db, 'u.refused', 'u.refused.tx');
  expect((await outcomes(db, 'u.refused')).map((row) => row.outcome).sort()).toEqual([
    ...Array(4).fill('done'),
    'failed',
  ]);
  expect(
    await db.query('select channel, code, sqlstate from pgrelay.failed where code = $1 order by 1', [
      'settlement_refused',
    ]),
  ).toEqual([
    { channel: 'u.refused', code: 'settlement_refused', sqlstate: '23514' },
    { channel: 'u.refused.tx', code: 'settlement_refused', sqlstate: '23514' },
  ]);
});

test('ctx.once keeps no result that has half a character, and the effect counts as made', async () => {
  const seen: unknown[] = [];
  let made = 0;
  const once = defineHandler('u.once', async (event, ctx) => {
    const half = () => {
      made += 1;
      return '\ud83d';
    };
    seen.push(await ctx.once('x', half).catch((error) => error.code));
    return event.attempt === 1 ? retryIn(0) : undefined;
  });
  await running(db, { handlers: [once] });
  await client.notify('u.once');
  await untilIdle(db, 'u.once');
  expect([made, seen]).toEqual([1, ['RELAY_RESULT_INVALID', null]]);
});
