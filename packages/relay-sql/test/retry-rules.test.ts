import { useDatabase } from '@pgrelay/test-support';
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { channelId, claim, logOf, runBatch, settle, takeSlot } from './support/slot.js';

const db = useDatabase();
beforeAll(() => db.query("select pgrelay.register_channel('r.one'), pgrelay.register_channel('r.two')"));

/** What the functions behind the policy say; the relay's own functions are nobody else's to call. */
async function asOwner<T extends Record<string, unknown>>(sql: string, values: unknown[] = []): Promise<T[]> {
  await db.query('set role pgrelay_owner');
  try {
    return await db.query<T>(sql, values);
  } finally {
    await db.query('reset role');
  }
}
const seconds = async (error: object, retried = 0, channel = 'r.one') =>
  (
    await asOwner<{ s: number | null }>('select extract(epoch from pgrelay.decide_v2($1, $2, $3))::float8 as s', [
      await channelId(db, channel),
      JSON.stringify(error),
      retried,
    ])
  )[0]?.s ?? null;
/** One after the other: they share a connection. */
async function after(counts: readonly number[], error: object, channel?: string): Promise<(number | null)[]> {
  const all: (number | null)[] = [];
  for (const retried of counts) all.push(await seconds(error, retried, channel));
  return all;
}
const set = (args: string) => db.query(`select pgrelay.set_retry(${args})`);
const unset = async (args: string) =>
  (await db.query<{ was: boolean }>(`select pgrelay.unset_retry(${args}) as was`))[0]?.was;

describe('out of the box', () => {
  test('class 40 waits 3, 5 and 10 s, and there is no fourth retry; anything else fails at once', async () => {
    for (const sqlstate of ['40001', '40P01']) {
      expect(await after([0, 1, 2, 3], { sqlstate, code: 'action_error' })).toEqual([3, 5, 10, null]);
    }
    for (const error of [{ sqlstate: '23505' }, { status: 503 }, { names: ['Error'], code: 'handler_error' }, {}])
      expect(await seconds(error)).toBeNull();
  });

  test('the view shows the rule, to a viewer too', async () => {
    const viewer = await db.connect(await db.login('pgrelay_viewer'));
    const { rows } = await viewer.query(
      'select channel, match, delays::text, retry_limit, jitter, retry_after from pgrelay.retry_rules',
    );
    expect(rows).toEqual([
      {
        channel: null,
        match: 'sqlstate:40',
        delays: '{00:00:03,00:00:05,00:00:10}',
        retry_limit: 3,
        jitter: 'none',
        retry_after: true,
      },
    ]);
  });
});

describe('set_retry', () => {
  test.each([
    ['sqlstate:55P03', { sqlstate: '55P03' }, { sqlstate: '55P02' }],
    ['sqlstate:53', { sqlstate: '53200' }, { sqlstate: '54000' }],
    ['http:429', { status: 429 }, { status: 430 }],
    ['http:5xx', { status: 503 }, { status: 404 }],
    ['code:handler_timeout', { code: 'handler_timeout' }, { code: 'handler_error' }],
    ['code:ECONNRESET', { errorCode: 'ECONNRESET', code: 'handler_error' }, { errorCode: 'EPIPE' }],
    ['error:BankBusy', { names: ['Error', 'BankBusy'] }, { names: ['Error'] }],
    ['any', {}, null],
  ])('%s', async (match, hit, miss) => {
    await set(`'r.one', '${match}', p_delays => array[interval '7 seconds']`);
    expect(await seconds(hit)).toBe(7);
    expect(await seconds(hit, 1)).toBeNull();
    if (miss !== null) expect(await seconds(miss)).toBeNull();
    expect(await seconds(hit, 0, 'r.two')).toBeNull();
    expect(await unset(`'r.one', '${match}'`)).toBe(true);
    expect(await unset(`'r.one', '${match}'`)).toBe(false);
    expect(await seconds(hit)).toBeNull();
  });

  test('a rule of every channel gives way to the channel own one, and setting it again replaces it', async () => {
    await set("null, 'sqlstate:22', p_delays => array[interval '1 s']");
    await set("'r.one', 'any', p_delays => array[interval '2 s']");
    expect(await seconds({ sqlstate: '22012' })).toBe(2);
    expect(await seconds({ sqlstate: '22012' }, 0, 'r.two')).toBe(1);
    await set("'r.one', 'any', p_initial => '4 s', p_factor => 3, p_max => '30 s', p_limit => 9, p_jitter => 'none'");
    expect(await after([0, 1, 2, 8, 9], { sqlstate: '22012' })).toEqual([4, 12, 30, 30, null]);
    await set("'r.one', 'sqlstate:22012', p_delays => '{}'");
    expect(await seconds({ sqlstate: '22012' })).toBeNull();
    await unset("'r.one', 'any'");
    await unset("'r.one', 'sqlstate:22012'");
    await unset("null, 'sqlstate:22'");
  });

  test('Retry-After is waited for when it is longer, at most a day, and not at all when the rule says so', async () => {
    await set("'r.one', 'http:429', p_delays => array[interval '10 s']");
    expect(await seconds({ status: 429, retryAfterMs: 90_500 })).toBe(90.5);
    expect(await seconds({ status: 429, retryAfterMs: 1 })).toBe(10);
    expect(await seconds({ status: 429, retryAfterMs: 1e300 })).toBe(86_400);
    expect(await seconds({ status: 429, retryAfterMs: 1e5 }, 1)).toBeNull();
    await set("'r.one', 'http:429', p_delays => array[interval '10 s'], p_retry_after => false");
    expect(await seconds({ status: 429, retryAfterMs: 90_500 })).toBe(10);
    await unset("'r.one', 'http:429'");
  });

  test.each([
    "'r.none', 'any'",
    "'r.one', null",
    "'r.one', ''",
    "'r.one', 'sqlstate:4'",
    "'r.one', 'http:600'",
    "'r.one', 'http:50x'",
    "'r.one', 'error:'",
    "'r.one', 'ANY'",
    "'r.one', 'any', p_delays => array[interval '1 s'], p_factor => 2",
    "'r.one', 'any', p_delays => array[interval '-1 s']",
    "'r.one', 'any', p_delays => array[null]::interval[]",
    "'r.one', 'any', p_delays => '{}', p_limit => 1",
    "'r.one', 'any', p_limit => -1",
    "'r.one', 'any', p_limit => 10001",
    "'r.one', 'any', p_initial => '2 hours'",
    "'r.one', 'any', p_max => '0'",
    "'r.one', 'any', p_max => '400 days'",
    "'r.one', 'any', p_factor => 0.5",
    "'r.one', 'any', p_factor => 'NaN'",
    "'r.one', 'any', p_jitter => 'some'",
  ])('refuses (%s)', async (args) => {
    await expect(set(args)).rejects.toMatchObject({
      code: args.startsWith("'r.none'") ? 'PR001' : 'PR004',
      hint: expect.any(String),
    });
    await expect(unset("'r.none', 'any'")).rejects.toMatchObject({ code: 'PR001' });
    await expect(unset("'r.one', 'x'")).rejects.toMatchObject({ code: 'PR004' });
  });

  test('the defaults of an exponential backoff: 1 s, doubled, at most an hour, five retries, full jitter', async () => {
    await set("'r.two', 'any'");
    expect(
      await db.query(
        "select initial::text, factor, max_delay::text, retry_limit, jitter from pgrelay.retry_rules where channel = 'r.two'",
      ),
    ).toEqual([{ initial: '00:00:01', factor: 2, max_delay: '01:00:00', retry_limit: 5, jitter: 'full' }]);
    await db.query('select setseed(0.25)');
    const first = await seconds({}, 3, 'r.two');
    await db.query('select setseed(0.25)');
    expect(await seconds({}, 3, 'r.two')).toBe(first);
    const all = await asOwner<{ s: number }>(
      `select extract(epoch from pgrelay.decide_v2($1, '{}', 3))::float8 as s from generate_series(1, 200)`,
      [await channelId(db, 'r.two')],
    );
    expect(Math.min(...all.map(({ s }) => s))).toBeGreaterThanOrEqual(0);
    expect(Math.max(...all.map(({ s }) => s))).toBeLessThanOrEqual(8);
    expect(new Set(all.map(({ s }) => s)).size).toBeGreaterThan(150);
    await unset("'r.two', 'any'");
  });
});

describe('an event', () => {
  test('of a SQL action and of a handler is retried by a rule, with the code that says why it failed in the end', async () => {
    await db.query("select pgrelay.register_channel('r.sql', 'select 1 / length($1)')");
    await set("'r.sql', 'sqlstate:22012', p_delays => array[interval '0']");
    await set("'r.one', 'http:5xx', p_delays => array[interval '0']");
    await db.query("select pgrelay.notify('r.sql', ''), pgrelay.notify('r.one')");
    const slot = await takeSlot(db);
    const down = { code: 'http_503', status: 503 };
    expect(await runBatch(db, slot, 'r.sql')).toMatchObject({ retried: 1 });
    expect(await settle(db, slot, await claim(db, slot, 'r.one'), 'error', null, down)).toEqual(['retried']);
    await asOwner('select pgrelay.promote_v1(10)');
    expect(await runBatch(db, slot, 'r.sql')).toMatchObject({ failed: 1 });
    expect(await settle(db, slot, await claim(db, slot, 'r.one'), 'error', null, down)).toEqual(['failed']);
    expect((await logOf(db, 'r.sql')).map((row) => row.code)).toEqual(['action_error', 'retries_exhausted']);
    expect((await logOf(db, 'r.one')).map((row) => row.code)).toEqual(['http_503', 'http_503']);
    await unset("'r.one', 'http:5xx'");
  });

  test('losses, snoozes and starts use no retry up', async () => {
    await set("'r.two', 'any', p_delays => array[interval '0']");
    await db.query("select pgrelay.notify('r.two')");
    for (const outcome of ['snoozed', 'lost', 'snoozed', 'error', 'snoozed', 'error']) {
      await asOwner('select pgrelay.promote_v1(10)');
      const slot = await takeSlot(db, outcome === 'lost' ? 1 : 60_000);
      const ids = await claim(db, slot, 'r.two');
      expect(ids).toHaveLength(1);
      if (outcome === 'lost')
        await db.query('select pg_sleep(0.01); select pgrelay.bury_v1(); select pgrelay.rescue_v1()');
      else await settle(db, slot, ids, outcome, 0, { code: 'x' });
    }
    expect((await logOf(db, 'r.two')).map((row) => [row.outcome, row.attempt])).toEqual([
      ['snoozed', 1],
      ['lost', 2],
      ['snoozed', 3],
      ['retried', 4],
      ['snoozed', 5],
      ['failed', 6],
    ]);
    await unset("'r.two', 'any'");
  });

  test('the option retry of a handler comes after the channel own rules and before those of every channel', async () => {
    const retry = { delaysMs: [1_500, 2_500], limit: 3, jitter: 'none' };
    const error = { sqlstate: '40001', code: 'handler_error', retry };
    expect(await after([0, 1, 2, 3], error)).toEqual([1.5, 2.5, 2.5, null]);
    const exponential = { initialMs: 100, factor: 10, maxMs: 5_000, limit: 5, jitter: 'none' };
    expect(await after([0, 1, 2], { retry: exponential })).toEqual([0.1, 1, 5]);
    expect(await seconds({ ...error, retry: { ...retry, when: ['error:X'] } })).toBe(3);
    expect(await seconds({ ...error, retry: { ...retry, when: ['error:X', 'sqlstate:40'] } })).toBe(1.5);
    expect(await seconds({ retry, retryAfterMs: 9_000 })).toBe(9);
    await set("'r.one', 'sqlstate:40', p_delays => array[interval '6 s']");
    expect(await seconds(error)).toBe(6);
    await unset("'r.one', 'sqlstate:40'");
  });
});

describe('properties', () => {
  test('the backoff is that of the model, for any settings and count', async () => {
    const settings = fc.record({
      delays: fc.option(fc.array(fc.integer({ min: 0, max: 1_000_000 }), { maxLength: 5 })),
      initial: fc.integer({ min: 0, max: 1_000 }),
      factor: fc.double({ min: 1, max: 100, noNaN: true }),
      max: fc.integer({ min: 1_000, max: 31_000_000 }),
      limit: fc.integer({ min: 0, max: 10_000 }),
      full: fc.boolean(),
      retried: fc.oneof(fc.integer({ min: 0, max: 12 }), fc.integer({ min: 0, max: 10_001 })),
      random: fc.double({ min: 0, max: 1, noNaN: true }),
    });
    await fc.assert(
      fc.asyncProperty(settings, async (s) => {
        const limit = s.delays?.length === 0 ? 0 : s.limit;
        const rows = await asOwner<{ s: number | null }>(
          'select extract(epoch from pgrelay.retry_delay((select array_agg(make_interval(secs => d) order by n) from unnest($1::float8[]) with ordinality x(d, n)), make_interval(secs => $2), $3, make_interval(secs => $4), $5, $6, $7, $8))::float8 as s',
          [s.delays, s.initial, s.factor, s.max, limit, s.full ? 'full' : 'none', s.retried, s.random],
        );
        const whole =
          s.delays === null || s.delays.length === 0
            ? s.initial === 0
              ? 0 // and not 0 times infinity
              : Math.min(s.initial * s.factor ** s.retried, s.max)
            : (s.delays[Math.min(s.retried, s.delays.length - 1)] as number);
        const seen = rows[0]?.s ?? null;
        if (s.retried >= limit) expect(seen).toBeNull();
        else expect(Math.abs((seen ?? Number.NaN) - whole * (s.full ? s.random : 1))).toBeLessThan(1e-3 + whole * 1e-9);
      }),
      {
        numRuns: 300,
        examples: [
          [{ delays: null, initial: 0, factor: 1.5, max: 1000, limit: 2536, full: false, retried: 2535, random: 0 }],
          [{ delays: null, initial: 1, factor: 100, max: 1000, limit: 9000, full: true, retried: 8999, random: 1 }],
        ],
      },
    );
  });

  test('among random rules the one that decides is the channel own and most exact one', async () => {
    const matches = [
      'sqlstate:40001',
      'sqlstate:40',
      'http:503',
      'http:5xx',
      'code:E1',
      'code:ours',
      'error:A',
      'error:B',
      'any',
    ];
    const error = fc.record(
      {
        sqlstate: fc.constantFrom('40001', '40P01', '23505'),
        status: fc.constantFrom(503, 500, 404),
        errorCode: fc.constantFrom('E1', 'E2'),
        names: fc.uniqueArray(fc.constantFrom('A', 'B', 'C'), { maxLength: 3 }),
        code: fc.constantFrom('ours', 'other'),
      },
      { requiredKeys: ['code'] },
    );
    const rules = fc.uniqueArray(fc.tuple(fc.boolean(), fc.constantFrom(...matches)), {
      selector: (r) => r.join(),
      maxLength: 12,
    });
    await asOwner('delete from pgrelay.retry_rule');
    await fc.assert(
      fc.asyncProperty(rules, error, async (all, e) => {
        for (const [i, [own, match]] of all.entries())
          await set(`${own ? "'r.one'" : 'null'}, '${match}', p_delays => array[make_interval(secs => ${i + 1})]`);
        const order = [
          `sqlstate:${e.sqlstate}`,
          `http:${e.status}`,
          `code:${e.errorCode}`,
          ...(e.names ?? []).map((name) => `error:${name}`),
          `sqlstate:${e.sqlstate?.slice(0, 2)}`,
          `http:${String(e.status)[0]}xx`,
          `code:${e.code}`,
          'any',
        ];
        const wanted = [true, false]
          .flatMap((own) => order.map((match) => all.findIndex((r) => r[0] === own && r[1] === match)))
          .find((index) => index >= 0);
        const seen = await seconds(e);
        await asOwner('delete from pgrelay.retry_rule');
        expect(seen).toBe(wanted === undefined ? null : wanted + 1);
      }),
      { numRuns: 60 },
    );
  });
});
