import { useDatabase } from '@pgrelay/test-support';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { channelId, claim, logOf, runBatch, type Slot, settle, takeSlot } from './support/slot.js';

const db = useDatabase();
let slot: Slot;
let round = 0;
let channel = '';

/** From here on the relay's clock stands still until a test moves it. */
beforeAll(async () => {
  await db.query("create table public.test_clock as select timestamptz '2030-01-01 00:00Z' as at");
  await db.query('grant select on public.test_clock to public');
  await db.query(
    'create or replace function pgrelay.clock_now() returns timestamptz language sql volatile parallel safe as $$ select at from public.test_clock $$',
  );
  slot = await takeSlot(db, 2_000_000_000);
});

beforeEach(async () => {
  round += 1;
  channel = `e.${round}`;
  await pass('1 day');
  await db.query('select pgrelay.register_channel($1)', [channel]);
});

const pass = (interval: string) => db.query('update public.test_clock set at = at + $1::interval', [interval]);
const expire = (after: string | null = '1 min', to = channel) =>
  db.query('select pgrelay.set_expiry($1, $2)', [to, after]);
const send = async (to = channel, more = '') =>
  (await db.query<{ id: string }>(`select pgrelay.notify($1, 'secret'${more})::text as id`, [to]))[0]?.id ?? '';
const look = () =>
  db.query("select from pgrelay.look_v1('{}', '{}', '{}', '{}', null, null, false, false, false, false, false)");
const gone = { outcome: 'cancelled', attempt: 1, code: 'expired' };

describe('events of a channel that expire', () => {
  test('start until the last moment, and never after it: no claim takes one', async () => {
    await expire();
    const [a, b] = [await send(), await send()];
    await pass('59999 ms');
    expect(await claim(db, slot, channel, 1)).toEqual([a]);
    await pass('1 ms');
    expect(await claim(db, slot, channel)).toEqual([]);
    expect(await logOf(db, channel)).toMatchObject([{ event_id: b, ...gone }]);
    const [row] = await db.query('select attempt, started_at from pgrelay.log where event_id = $1', [b]);
    expect(row).toEqual({ attempt: 1, started_at: null });
    expect(await db.query('select from pgrelay.failed where id = $1', [b])).toEqual([]);
    await settle(db, slot, [a], 'done');
  });

  test('no batch of a SQL channel takes one, nor run(), nor a run of one event, nor a top-level channel', async () => {
    const [sql, top] = [`${channel}.sql`, `${channel}.top`];
    await db.query("select pgrelay.register_channel($1, 'select 1'), pgrelay.register_channel($2, array['vacuum'])", [
      sql,
      top,
    ]);
    for (const name of [sql, top]) await expire('1 min', name);
    const old = [await send(sql), await send(sql)];
    await send(top);
    await pass('1 min');
    const fresh = await send(sql);
    const id = await channelId(db, sql);
    expect(
      await db.query(
        'select taken from pgrelay.run_batch_v1($1, $2, 1::smallint, $3, 1, true, 1000, p_only_id => $4)',
        [slot.slot, slot.epoch, id, old[1]],
      ),
    ).toEqual([{ taken: 0 }]);
    expect(await runBatch(db, slot, sql)).toMatchObject({ taken: 1, done: 1 });
    expect(await logOf(db, sql)).toMatchObject([
      ...old.map((event_id) => ({ event_id, ...gone })),
      { event_id: fresh, outcome: 'done' },
    ]);
    expect(
      await db.query('select from pgrelay.claim_toplevel_v1($1, $2, 1::smallint, $3)', [
        slot.slot,
        slot.epoch,
        await channelId(db, top),
      ]),
    ).toEqual([]);
    await send(sql);
    await pass('1 min');
    await db.query('call pgrelay.run()');
    expect((await logOf(db, sql)).filter((row) => row.outcome === 'done')).toHaveLength(1);
    expect(await logOf(db, top)).toMatchObject([gone]);
  });

  test.each(['paused', 'disabled', 'without a handler'])(
    'go also while the channel is %s: whoever looks takes them away, once a second',
    async (how) => {
      await expire();
      const id = await send();
      if (how !== 'without a handler')
        await db.query(`select pgrelay.${how === 'paused' ? 'pause' : 'disable'}_channel($1)`, [channel]);
      await pass('59 s');
      await look();
      await pass('999 ms');
      await look();
      expect(await logOf(db, channel)).toEqual([]);
      await pass('1 s');
      await look();
      expect(await logOf(db, channel)).toMatchObject([{ event_id: id, ...gone }]);
      expect(await db.query('select from pgrelay.events where id = $1', [id])).toEqual([]);
    },
  );

  test('count from when they are due; those that have started once go on, and what was given back has not started', async () => {
    await expire();
    const later = await send(channel, ", pgrelay.clock_now() + interval '1 hour'");
    const [retried, back] = [await send(), await send()];
    expect(await claim(db, slot, channel)).toEqual([retried, back]);
    await db.query('select pgrelay.release_v1($1, $2, $3)', [slot.slot, slot.epoch, [back]]);
    await settle(db, slot, [retried], 'retried', 3_600_000);
    await pass('1 hour');
    await look();
    expect(await logOf(db, channel)).toMatchObject([
      { event_id: retried, outcome: 'retried' },
      { event_id: back, ...gone },
    ]);
    await pass('59 s');
    expect(await claim(db, slot, channel)).toEqual([later, retried]);
    await settle(db, slot, [later, retried], 'done');
    const snoozed = await send();
    await db.query("select pgrelay.snooze($1, '1 hour')", [snoozed]);
    await pass('1 hour');
    await look();
    expect(await claim(db, slot, channel)).toEqual([snoozed]);
    await pass('1 hour');
    await look();
    await settle(db, slot, [snoozed], 'done'); // one that runs does not expire
    expect((await logOf(db, channel)).at(-1)).toMatchObject({ event_id: snoozed, outcome: 'done' });
  });

  test('free their dedup keys, whatever the window, and are reported to nobody', async () => {
    await db.query('select pgrelay.register_channel($1), pgrelay.register_channel($2, p_on_failure => $1)', [
      `${channel}.failures`,
      `${channel}.keyed`,
    ]);
    const keyed = `${channel}.keyed`;
    await expire('1 min', keyed);
    const id = await send(keyed, ", p_dedup_key => 'k', p_dedup_window => '1 hour'");
    const plain = await send(keyed, ", p_dedup_key => 'p'");
    await pass('1 min');
    await look();
    expect(await send(keyed, ", p_dedup_key => 'k'")).not.toBe(id);
    expect(await send(keyed, ", p_dedup_key => 'p'")).not.toBe(plain);
    expect(await db.query('select from pgrelay.events where channel = $1', [`${channel}.failures`])).toEqual([]);
  });

  test('of a debounced channel, too: from when it was let go; the next one goes on', async () => {
    await expire();
    await db.query("select pgrelay.set_debounce($1, '10 min')", [channel]);
    const first = await send();
    await pass('10 min');
    await look();
    const second = await send();
    await pass('59 s');
    expect(await logOf(db, channel)).toEqual([]);
    await pass('1 s');
    await look();
    expect(await logOf(db, channel)).toMatchObject([{ event_id: first, ...gone }]);
    await pass('540 s');
    await look();
    expect(await claim(db, slot, channel)).toEqual([second]);
    await settle(db, slot, [second], 'done');
    await db.query('select pgrelay.unset_debounce($1)', [channel]);
  });

  test('race: one that a claim has just taken runs, and the sweep waits for nobody', async () => {
    await expire();
    const [a, b] = [await send(), await send()];
    const claiming = await db.session('claiming');
    await pass('59 s');
    await claiming.query('begin');
    expect(await claim(claiming, slot, channel, 1)).toEqual([a]);
    await pass('2 s');
    await look();
    await claiming.query('commit');
    expect(await logOf(db, channel)).toMatchObject([{ event_id: b, ...gone }]);
    await pass('2 s');
    await look();
    await settle(db, slot, [a], 'done');
    expect(await logOf(db, channel)).toMatchObject([{ event_id: b }, { event_id: a, outcome: 'done' }]);
  });

  test('a thousand at a time, in each lane; the housekeeping takes all', async () => {
    await expire();
    await db.query('select pgrelay.pause_channel($1)', [channel]);
    await db.query(
      "select pgrelay.notify_many($1, array_fill('x'::text, array[2500]), p_priority => array(select i % 2 from generate_series(1, 2500) i))",
      [channel],
    );
    const left = async () => (await db.query('select from pgrelay.events where channel = $1', [channel])).length;
    await pass('1 min');
    await look();
    expect(await left()).toBe(500);
    await look();
    expect(await left()).toBe(500); // once a second
    await db.query('select pgrelay.maintain_v1()');
    expect(await left()).toBe(0);
    expect(await logOf(db, channel)).toHaveLength(2500);
  });

  test('explain_event says so, and its remedy keeps those to come', async () => {
    await expire();
    const id = await send();
    await pass('1 min');
    await look();
    const [why] = await db.query<{ remedy: string }>('select * from pgrelay.explain_event($1)', [id]);
    expect(why).toEqual({
      reason: 'cancelled',
      evidence: expect.stringMatching(/: expired, for it had not started in time$/),
      remedy: expect.stringContaining('set_expiry'),
    });
    await db.query(why?.remedy ?? '');
    expect(await db.query('select expire_after from pgrelay.channels where name = $1', [channel])).toEqual([
      { expire_after: null },
    ]);
    const next = await send();
    await pass('10 years');
    await look();
    expect(await claim(db, slot, channel)).toEqual([next]);
    await settle(db, slot, [next], 'done');
  });

  test.each([
    ["'e.none', '1 s'", 'PR001'],
    ["null, '1 s'", 'PR001'],
    ["'e.1', '0'", 'PR004'],
    ["'e.1', '-1 s'", 'PR004'],
    ["'e.1', '20 years'", 'PR004'],
  ])('set_expiry refuses (%s)', async (args, code) => {
    await expect(db.query(`select pgrelay.set_expiry(${args})`)).rejects.toMatchObject({
      code,
      hint: expect.any(String),
    });
  });

  test('no sweep for the others', async () => {
    await db.query('select pgrelay.set_expiry(name, null) from pgrelay.channels where expire_after is not null');
    await db.query('set role pgrelay_owner');
    await db.query('alter function pgrelay.expire_soon(integer[], smallint[], bigint[]) rename to expire_soon_away');
    await db.query(
      'alter function pgrelay.expire_events(integer, smallint[], bigint[], integer, integer[]) rename to expire_events_away',
    );
    await db.query('reset role');
    const sql = `${channel}.sql`;
    await db.query("select pgrelay.register_channel($1, 'select 1')", [sql]);
    const ids = [await send(), await send(sql)];
    await look();
    expect(await claim(db, slot, channel)).toEqual([ids[0]]);
    expect(await runBatch(db, slot, sql)).toMatchObject({ done: 1 });
    await db.query('set role pgrelay_owner');
    await db.query('alter function pgrelay.expire_soon_away(integer[], smallint[], bigint[]) rename to expire_soon');
    await db.query(
      'alter function pgrelay.expire_events_away(integer, smallint[], bigint[], integer, integer[]) rename to expire_events',
    );
    await db.query('reset role');
  });

  test('one that was skipped by the sweep is not given out either', async () => {
    await expire('1 hour');
    const sql = `${channel}.sql`;
    await db.query("select pgrelay.register_channel($1, 'select 1')", [sql]);
    await expire('1 hour', sql);
    const ids = [await send(), await send(sql)];
    await db.query('set role pgrelay_owner');
    await db.query("update pgrelay.queue set run_at = run_at - interval '1 hour' where id = any ($1)", [ids]);
    await db.query(
      "create or replace function pgrelay.expire_events(p_channel_id integer default null, p_priorities smallint[] default '{}', p_lows bigint[] default '{}', p_limit integer default 1000, p_channels integer[] default null) returns integer language sql as 'select 0'",
    );
    await db.query('reset role');
    expect(await claim(db, slot, channel)).toEqual([]);
    expect(await runBatch(db, slot, sql)).toMatchObject({ taken: 0 });
    expect(await db.query('select pgrelay.peek_v1($1, 10) as ids', [await channelId(db, sql)])).toEqual([{ ids: [] }]);
  });
});
