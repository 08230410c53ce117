import { useDatabase } from '@pgrelay/test-support';
import { beforeAll, describe, expect, test } from 'vitest';
import { channelId, claim, logOf, runBatch, type Slot, settle, takeSlot } from './support/slot.js';

const db = useDatabase();
let slot: Slot;

/** From here on the relay's clock stands still until a test moves it. */
beforeAll(async () => {
  await db.query("create table public.test_clock as select timestamptz '2030-01-01 00:00Z' as at");
  await db.query('grant select on public.test_clock to public');
  await db.query(
    'create or replace function pgrelay.clock_now() returns timestamptz language sql volatile parallel safe as $$ select at from public.test_clock $$',
  );
  slot = await takeSlot(db, 3_600_000);
});

const pass = (interval: string) => db.query('update public.test_clock set at = at + $1::interval', [interval]);
const send = (channel: string, count = 1) =>
  db.query('select pgrelay.notify($1, $2) from generate_series(1, $3::int)', [channel, '1', count]);
async function asOwner(sql: string) {
  await db.query('set role pgrelay_owner');
  try {
    return await db.query(sql);
  } finally {
    await db.query('reset role');
  }
}
const state = async (channel: string) =>
  (
    await db.query(
      'select b.state, (extract(epoch from b.open_until - pgrelay.clock_now()))::int as left, b.in_a_row, b.opened from pgrelay.breakers b where b.channel = $1',
      [channel],
    )
  )[0];
const events = async (channel: string) =>
  db.query(
    'select state, attempt, count(*)::int as n from pgrelay.events where channel = $1 group by 1, 2 order by 1, 2',
    [channel],
  );
const polled = async (channel: string, who = db as Pick<typeof db, 'query'>) => {
  const rows = await who.query('select channel from pgrelay.poll_v1($1)', [[await channelId(db, channel)]]);
  return rows.some((row) => (row as { channel: string }).channel === channel);
};
/** A leased channel with a breaker, and `count` events of it. */
async function leased(channel: string, settings: string, count = 10): Promise<void> {
  await db.query('select pgrelay.register_channel($1)', [channel]);
  await db.query(`select pgrelay.set_breaker($1, ${settings})`, [channel]);
  await send(channel, count);
}
/** Runs one event with this outcome, if one is let through. */
async function one(channel: string, outcome: string, error: object | null = null): Promise<number> {
  const ids = await claim(db, slot, channel, 1);
  await settle(db, slot, ids, outcome, outcome === 'retried' || outcome === 'snoozed' ? 3_600_000 : null, error);
  return ids.length;
}
const failure = { code: 'handler_error', message: 'down' };

describe('a breaker', () => {
  test('opens after so many failures in a row, lets one through when its pause is over, and closes when that goes well', async () => {
    await leased('b.row', "p_failures => 3, p_pause => '10 s', p_max_pause => '30 s'");
    expect(await state('b.row')).toMatchObject({ state: 'closed', opened: 0 });
    await one('b.row', 'error', failure);
    await one('b.row', 'error', failure);
    await one('b.row', 'done');
    expect(await state('b.row')).toMatchObject({ state: 'closed', in_a_row: 0 });
    for (let i = 0; i < 3; i += 1) await one('b.row', i === 1 ? 'retried' : 'error', failure);
    expect(await state('b.row')).toMatchObject({ state: 'open', left: 10, opened: 1 });
    expect(await polled('b.row')).toBe(false);
    expect(await claim(db, slot, 'b.row')).toEqual([]);
    expect(await events('b.row')).toMatchObject([
      { state: 'delayed', attempt: 1, n: 1 },
      { state: 'ready', attempt: 0, n: 4 },
    ]);

    await pass('9.9 s');
    expect(await claim(db, slot, 'b.row')).toEqual([]);
    await pass('0.1 s');
    expect(await state('b.row')).toMatchObject({ state: 'half_open' });
    expect(await polled('b.row')).toBe(true);
    const probe = await claim(db, slot, 'b.row');
    expect(probe).toHaveLength(1);
    expect(await polled('b.row')).toBe(false);
    expect(await claim(db, await takeSlot(db, 3_600_000), 'b.row')).toEqual([]);
    await settle(db, slot, probe, 'error', null, failure);
    expect(await state('b.row')).toMatchObject({ state: 'open', left: 20, opened: 2 });

    await pass('20 s');
    await one('b.row', 'error', failure);
    expect(await state('b.row')).toMatchObject({ state: 'open', left: 30, opened: 3 });
    await pass('30 s');
    await one('b.row', 'done');
    expect(await state('b.row')).toMatchObject({ state: 'closed', opened: 0, in_a_row: 0 });
    expect(await claim(db, slot, 'b.row')).toHaveLength(1);
  });

  test('opens when a share of the attempts of a period failed, once there were enough', async () => {
    await leased('b.share', "p_share => 0.5, p_period => '1 minute', p_least => 6, p_pause => '5 s'", 40);
    for (const outcome of ['error', 'done', 'error', 'done', 'error']) await one('b.share', outcome, failure);
    expect(await state('b.share')).toMatchObject({ state: 'closed' });
    await pass('61 s');
    for (const outcome of ['error', 'done', 'done', 'done', 'error']) await one('b.share', outcome, failure);
    expect(await state('b.share')).toMatchObject({ state: 'closed' });
    await one('b.share', 'done');
    expect(await state('b.share')).toMatchObject({ state: 'closed' });
    await one('b.share', 'error', failure);
    expect(await state('b.share')).toMatchObject({ state: 'closed' });
    await one('b.share', 'error', failure); // 4 of 8
    expect(await state('b.share')).toMatchObject({ state: 'open', left: 5 });
  });

  test('what says that the target works, or nothing about it, is no failure', async () => {
    await leased('b.verdict', 'p_failures => 1');
    for (const [outcome, error] of [
      ['failed', { code: 'card_refused' }],
      ['failed', { code: 'payload_invalid' }],
      ['error', { code: 'http_404', status: 404 }],
      ['cancelled', { code: 'x' }],
      ['snoozed', null],
    ] as const) {
      expect(await one('b.verdict', outcome, error)).toBe(1);
      expect(await state('b.verdict')).toMatchObject({ state: 'closed' });
    }
    await one('b.verdict', 'error', { code: 'http_429', status: 429 });
    expect(await state('b.verdict')).toMatchObject({ state: 'open' });
  });

  test('while it is open, attempts that had started before neither close it nor lengthen its pause', async () => {
    await leased('b.late', "p_failures => 2, p_pause => '10 s'");
    const ids = await claim(db, slot, 'b.late', 4);
    await settle(db, slot, ids.slice(0, 2), 'error', null, failure);
    expect(await state('b.late')).toMatchObject({ state: 'open', left: 10, opened: 1 });
    await settle(db, slot, ids.slice(2, 3), 'error', null, failure);
    await settle(db, slot, ids.slice(3), 'done');
    expect(await state('b.late')).toMatchObject({ state: 'open', left: 10, opened: 1 });
  });

  test('once attempts have begun to fail, no more are let through than may fail', async () => {
    await leased('b.few', 'p_failures => 3');
    await one('b.few', 'error', failure);
    const ids = await claim(db, slot, 'b.few');
    expect(ids).toHaveLength(2);
    await settle(db, slot, ids, 'error', null, failure);
    expect(await state('b.few')).toMatchObject({ state: 'open' });
    await leased('b.part', 'p_share => 0.5');
    await one('b.part', 'error', failure);
    expect(await claim(db, slot, 'b.part')).toHaveLength(9);
  });

  test('a probe that is lost with its Processor makes room for another', async () => {
    await leased('b.lost', "p_failures => 1, p_pause => '10 s'");
    await one('b.lost', 'error', failure);
    await pass('10 s');
    const dead = await takeSlot(db, 1_000);
    const [probe] = await claim(db, dead, 'b.lost');
    expect(await claim(db, slot, 'b.lost')).toEqual([]);
    await pass('2 s');
    await db.query('select pgrelay.bury_v1()');
    await db.query('select pgrelay.rescue_v1()');
    expect(await claim(db, slot, 'b.lost')).toEqual([probe]);
  });

  test('race: two Processors ask a half-open breaker at once; one event is let through', async () => {
    await leased('b.race', "p_failures => 1, p_pause => '10 s'");
    await one('b.race', 'error', failure);
    await pass('10 s');
    const [a, b] = [await db.session('a'), await db.session('b')];
    const id = await channelId(db, 'b.race');
    const ask = 'select id from pgrelay.claim_v1($1, $2, 1::smallint, $3, 10)';
    await a.query('begin');
    expect(await a.query(ask, [slot.slot, slot.epoch, id])).toHaveLength(1);
    expect(await b.query(ask, [slot.slot, slot.epoch, id])).toEqual([]); // not seen yet, but not waited for either
    await a.query('rollback');
    expect(await b.query(ask, [slot.slot, slot.epoch, id])).toHaveLength(1);
    expect(await a.query(ask, [slot.slot, slot.epoch, id])).toEqual([]);
  });

  test('counting never waits for another that counts', async () => {
    await leased('b.count', 'p_failures => 5');
    const [x, y] = await claim(db, slot, 'b.count', 2);
    await db.query('begin');
    await settle(db, slot, [x as string], 'error', null, failure);
    const other = await db.session('other');
    expect(await settle(other as unknown as typeof db, slot, [y as string], 'error', null, failure)).toEqual([
      'failed',
    ]);
    await db.query('commit');
    expect(await state('b.count')).toMatchObject({ in_a_row: 1 });
  });

  test('of a SQL channel: a batch of failures opens it, a batch of one closes it; run() respects it too', async () => {
    await db.query(
      'create table public.gate (open boolean); insert into gate values (false); grant select on gate to pgrelay',
    );
    await db.query("select pgrelay.register_channel('b.sql', 'select 1 / open::int from gate')");
    await db.query("select pgrelay.set_breaker('b.sql', p_failures => 4, p_pause => '10 s')");
    await send('b.sql', 4);
    expect(await runBatch(db, slot, 'b.sql')).toMatchObject({ failed: 4 });
    await send('b.sql', 6);
    expect(await state('b.sql')).toMatchObject({ state: 'open', left: 10 });
    expect(await polled('b.sql')).toBe(false);
    expect(await runBatch(db, slot, 'b.sql')).toMatchObject({ taken: 0, busy: false });
    expect(await db.query('call pgrelay.run()')).toEqual([{ p_events: '0' }]);
    expect(await events('b.sql')).toEqual([{ state: 'ready', attempt: 0, n: 6 }]);
    await pass('10 s');
    expect(await runBatch(db, slot, 'b.sql')).toMatchObject({ taken: 1, failed: 1 });
    expect(await state('b.sql')).toMatchObject({ state: 'open', left: 20 });
    await db.query('update gate set open = true');
    await pass('20 s');
    expect(await db.query('call pgrelay.run()')).toEqual([{ p_events: '5' }]);
    expect(await state('b.sql')).toMatchObject({ state: 'closed' });
    expect((await logOf(db, 'b.sql')).filter((row) => row.outcome === 'done')).toHaveLength(5);
  });

  test('what is redriven into an open one waits, ready and with no attempt counted', async () => {
    await leased('b.redrive', "p_failures => 2, p_pause => '10 s'", 2);
    await one('b.redrive', 'error', failure);
    await one('b.redrive', 'error', failure);
    expect(await db.query("select pgrelay.redrive_channel('b.redrive')::int as n")).toEqual([{ n: 2 }]);
    expect(await claim(db, slot, 'b.redrive')).toEqual([]);
    expect(await events('b.redrive')).toEqual([{ state: 'ready', attempt: 1, n: 2 }]);
    await pass('10 s');
    expect(await one('b.redrive', 'done')).toBe(1);
    expect(await one('b.redrive', 'done')).toBe(1);
  });

  test('is a problem row while it is open; can be closed by hand, and taken away', async () => {
    const problem = () =>
      db.query(
        "select object, evidence from pgrelay.get_problems() where code = 'breaker_open' and object = 'channel b.hand'",
      );
    await leased('b.hand', "p_failures => 1, p_pause => '1 minute'");
    expect(await problem()).toEqual([]);
    await one('b.hand', 'error', failure);
    const [row] = await db.query<{ until: string }>(
      "select open_until::text as until from pgrelay.breakers where channel = 'b.hand'",
    );
    expect(await problem()).toEqual([
      { object: 'channel b.hand', evidence: expect.stringContaining(`until ${row?.until}`) },
    ]);
    expect(await db.query("select pgrelay.close_breaker('b.hand') as was")).toEqual([{ was: true }]);
    expect(await db.query("select pgrelay.close_breaker('b.hand') as was")).toEqual([{ was: false }]);
    expect(await problem()).toEqual([]);
    await one('b.hand', 'error', failure);
    expect(await claim(db, slot, 'b.hand')).toEqual([]);
    expect(await db.query("select pgrelay.unset_breaker('b.hand') as was")).toEqual([{ was: true }]);
    expect(await db.query("select pgrelay.unset_breaker('b.hand') as was")).toEqual([{ was: false }]);
    expect(await claim(db, slot, 'b.hand')).toHaveLength(8);
    expect(await state('b.hand')).toBeUndefined();
  });

  test('its settings can be changed while it is open; they go with the channel', async () => {
    await leased('b.gone', "p_failures => 1, p_pause => '1 minute'");
    await one('b.gone', 'error', failure);
    await db.query("select pgrelay.set_breaker('b.gone', p_failures => 7)");
    expect(await state('b.gone')).toMatchObject({ state: 'open', left: 60 });
    await db.query("select pgrelay.drop_channel('b.gone', p_force => true)");
    expect(await state('b.gone')).toBeUndefined();
  });

  test.each([
    "'b.none'",
    'null',
    "'b.row', p_failures => 0",
    "'b.row', p_share => 0",
    "'b.row', p_share => 1.1",
    "'b.row', p_share => 'NaN'",
    "'b.row', p_period => '1 minute'",
    "'b.row', p_share => 0.5, p_period => '0'",
    "'b.row', p_share => 0.5, p_least => 0",
    "'b.row', p_pause => '0'",
    "'b.row', p_pause => '2 s', p_max_pause => '1 s'",
    "'b.row', p_max_pause => '400 days'",
  ])('set_breaker refuses (%s)', async (args) => {
    await expect(db.query(`select pgrelay.set_breaker(${args})`)).rejects.toMatchObject({
      code: args === "'b.none'" ? 'PR001' : 'PR004',
      hint: expect.any(String),
    });
  });

  test('declared by a handler it gives way to set_breaker, and goes when the definition has none any more', async () => {
    await db.query("select pgrelay.register_channel('b.declared'), pgrelay.register_channel('b.other', 'select 1')");
    const declare = (breaker: object | null) =>
      db.query('select pgrelay.declare_breakers_v1($1, $2)', [
        ['b.declared', 'b.other'],
        [JSON.stringify(breaker), JSON.stringify(breaker)],
      ]);
    const settings = () =>
      db.query(
        "select channel, failures, pause::text, declared from pgrelay.breakers where channel in ('b.declared', 'b.other')",
      );
    await declare({ failures: 2, pauseMs: 1_500 });
    expect(await settings()).toEqual([{ channel: 'b.declared', failures: 2, pause: '00:00:01.5', declared: true }]);
    await db.query('select pgrelay.declare_breakers_v1($1, $2)', [['b.declared'], [null]]);
    expect(await settings()).toEqual([]);
    await db.query("select pgrelay.set_breaker('b.declared', p_failures => 9)");
    await declare({ failures: 2 });
    await db.query('select pgrelay.declare_breakers_v1($1, $2)', [['b.declared'], [null]]);
    expect(await settings()).toMatchObject([{ failures: 9, declared: false }]);
  });

  test('the others cost nothing: no look at it without a breaker', async () => {
    await db.query("select pgrelay.register_channel('b.plain'), pgrelay.register_channel('b.psql', 'select 1')");
    await db.query('select pgrelay.unset_breaker(b.channel) from pgrelay.breakers b');
    const refuses = (signature: string, result: string) =>
      asOwner(
        `create or replace function pgrelay.${signature} returns ${result} language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$ begin raise 'called'; end $$`,
      );
    await refuses('admit(p_channel_id integer, p_limit integer)', 'integer');
    await refuses('note_attempts(p_channel_id integer, p_ids bigint[], p_verdicts boolean[])', 'boolean');
    await refuses('lets_through_v1(p_channel_id integer)', 'boolean');
    await refuses('note_probe(p_channel_id integer, p_event_id bigint)', 'void');
    await send('b.plain', 2);
    await send('b.psql', 2);
    expect(await polled('b.plain')).toBe(true);
    expect(await one('b.plain', 'done')).toBe(1);
    expect(await one('b.plain', 'error', failure)).toBe(1);
    expect(await runBatch(db, slot, 'b.psql')).toMatchObject({ done: 2 });
    await db.query("select pgrelay.set_breaker('b.plain')");
    expect(await polled('b.plain')).toBe(false); // nothing waits
    await send('b.plain', 1);
    await expect(polled('b.plain')).rejects.toThrow('called');
  });
});
