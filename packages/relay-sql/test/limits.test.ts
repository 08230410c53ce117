import { useDatabase } from '@pgrelay/test-support';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
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
  await db.query("select setval('pgrelay.queue_place_seq', 3000000000), setval('pgrelay.event_id_seq', 3000000000)");
  slot = await takeSlot(db, 3_600_000);
});

const pass = (interval: string) => db.query('update public.test_clock set at = at + $1::interval', [interval]);
let channels = 0;

/** A channel with these limits, and an event for each key; '-' is none. Ids are numbers from `first` on. */
async function limited(settings: string, keys = '', options = ''): Promise<string> {
  channels += 1;
  const channel = `l.${channels}`;
  await db.query(`select pgrelay.register_channel($1 ${options})`, [channel]);
  if (settings !== '') await db.query(`select pgrelay.set_limits($1, ${settings})`, [channel]);
  await send(channel, keys);
  return channel;
}
async function send(channel: string, keys: string): Promise<string[]> {
  const ids: string[] = [];
  for (const key of keys.split(' ').filter((word) => word !== '')) {
    const rows = await db.query<{ id: string }>('select pgrelay.notify($1, $2, p_key => $2)::text as id', [
      channel,
      key === '-' ? null : key,
    ]);
    ids.push(rows[0]?.id ?? '');
  }
  return ids;
}
/** Claims, and says the keys of what it got, in order. */
async function keysOf(channel: string, limit = 100): Promise<string> {
  const ids = await claim(db, slot, channel, limit);
  const rows = await db.query<{ id: string; key: string | null }>(
    'select id::text, key from pgrelay.queue where id = any ($1)',
    [ids],
  );
  return ids.map((id) => rows.find((row) => row.id === id)?.key ?? '-').join(' ');
}
const sorted = (text: string) => text.split(' ').sort().join(' ');
async function end(channel: string, key: string | null, outcome = 'done', delayMs: number | null = null) {
  const rows = await db.query<{ id: string }>(
    'select q.id::text from pgrelay.queue q where q.channel_id = $1 and q.slot is not null and q.key is not distinct from $2 order by q.id limit 1',
    [await channelId(db, channel), key],
  );
  return settle(db, slot, [rows[0]?.id ?? '-1'], outcome, delayMs);
}
const polled = async (channel: string) => {
  const rows = await db.query<{ channel: string }>('select channel from pgrelay.poll_v1($1)', [
    [await channelId(db, channel)],
  ]);
  return rows.some((row) => row.channel === channel);
};
const limits = async (channel: string) =>
  (await db.query('select * from pgrelay.limits where channel = $1', [channel]))[0] as Record<string, unknown>;

beforeEach(() => db.query('select pgrelay.heartbeat_v1($1, $2)', [slot.slot, slot.epoch]));

describe('concurrency', () => {
  test('counts what runs in the whole cluster, and frees with the end, the release and the rescue of an event', async () => {
    const channel = await limited('p_concurrency => 3', '- - - - - - - -');
    const other = await takeSlot(db, 3_600_000);
    const first = await claim(db, slot, channel, 2);
    expect(first).toHaveLength(2);
    expect(await polled(channel)).toBe(true);
    expect(await claim(db, other, channel)).toHaveLength(1);
    expect(await claim(db, slot, channel)).toEqual([]);
    expect(await polled(channel)).toBe(false);
    expect(await limits(channel)).toMatchObject({ running: '3', concurrency: 3, declared: false });

    await settle(db, slot, first.slice(0, 1), 'done');
    expect(await polled(channel)).toBe(true);
    expect(await claim(db, slot, channel)).toHaveLength(1);
    await settle(db, slot, first.slice(1), 'retried', 0);
    await db.query('select pgrelay.poll_v1(array[]::integer[])');
    expect(await claim(db, slot, channel)).toHaveLength(1);
    await db.query('select pgrelay.detach_v1($1, $2)', [other.slot, other.epoch]);
    await db.query('select pgrelay.rescue_v1()');
    expect(await limits(channel)).toMatchObject({ running: '2' });
    const again = await claim(db, slot, channel);
    expect(again).toHaveLength(1);
    await db.query('select pgrelay.release_v1($1, $2, $3)', [slot.slot, slot.epoch, again]);
    expect(await limits(channel)).toMatchObject({ running: '2' });
  });

  test('counts what ran before the limit was set, and is lowered and lifted', async () => {
    const channel = await limited('', '- - - - - -');
    const ran = await claim(db, slot, channel, 2);
    await db.query('select pgrelay.set_limits($1, p_concurrency => 3)', [channel]);
    expect(await claim(db, slot, channel)).toHaveLength(1);
    await db.query('select pgrelay.set_limits($1, p_concurrency => 1)', [channel]);
    await settle(db, slot, ran, 'done');
    expect(await claim(db, slot, channel)).toEqual([]);
    expect(await db.query('select pgrelay.unset_limits($1) as had', [channel])).toEqual([{ had: true }]);
    expect(await claim(db, slot, channel)).toHaveLength(3);
    expect(await db.query('select pgrelay.unset_limits($1) as had', [channel])).toEqual([{ had: false }]);
  });

  test('goes on counting past the mark below which no permit is', async () => {
    const channel = await limited('p_concurrency => 2', '- - - - -');
    const [held] = await claim(db, slot, channel, 1);
    await db.query("select setval('pgrelay.permit_seq', 5000 + (select last_value from pgrelay.permit_seq))");
    const [next] = await claim(db, slot, channel, 1);
    await db.query("select setval('pgrelay.permit_seq', 5000 + (select last_value from pgrelay.permit_seq))");
    expect(await claim(db, slot, channel)).toEqual([]);
    await settle(db, slot, [held as string], 'done');
    expect(await claim(db, slot, channel)).toHaveLength(1);
    await settle(db, slot, [next as string], 'done');
    expect(await limits(channel)).toMatchObject({ running: '1' });
  });
});

describe('by key', () => {
  test('so many of each key run at once', async () => {
    const channel = await limited('p_key_concurrency => 2', 'a a a b b b c');
    expect(sorted(await keysOf(channel))).toBe('a a b b c');
    expect(await polled(channel)).toBe(false);
    expect(await keysOf(channel)).toBe('');
    await end(channel, 'b');
    expect(await polled(channel)).toBe(true);
    expect(await keysOf(channel)).toBe('b');
  });

  test('in order: one after the other, and what is to be retried holds up its key until it has ended', async () => {
    const channel = await limited('p_fifo => true', 'a a a b');
    expect(sorted(await keysOf(channel))).toBe('a b');
    await end(channel, 'a', 'retried', 60_000);
    expect(await keysOf(channel)).toBe('');
    expect(await polled(channel)).toBe(false);
    await pass('61 s');
    expect(await polled(channel)).toBe(true);
    const [again] = await claim(db, slot, channel);
    expect(await db.query('select attempt from pgrelay.queue where id = $1', [again])).toEqual([{ attempt: 2 }]);
    await settle(db, slot, [again as string], 'failed', null, { code: 'x' });
    expect(await keysOf(channel)).toBe('a');
    await end(channel, 'a', 'snoozed', 60_000);
    expect(await keysOf(channel)).toBe('');
    await pass('61 s');
    await db.query('select pgrelay.poll_v1(array[]::integer[])');
    expect(await keysOf(channel)).toBe('a');
    await end(channel, 'a');
    expect(await keysOf(channel)).toBe('a');
  });

  test('in order: the one that is due later, or comes back from the failed, is where its id says', async () => {
    const channel = await limited('p_fifo => true');
    await db.query(
      "select pgrelay.notify($1, 'late', p_run_at => pgrelay.clock_now() + interval '1 minute', p_key => 'a')",
      [channel],
    );
    const [second] = await send(channel, 'a a');
    const [ran] = await claim(db, slot, channel);
    expect(ran).toBe(second); // one that has never started waits for its time, and for nobody
    await settle(db, slot, [ran as string], 'failed', null, { code: 'x' });
    await pass('2 minutes');
    await db.query('select pgrelay.poll_v1(array[]::integer[])');
    await db.query('select pgrelay.redrive($1)', [ran]);
    expect((await claim(db, slot, channel)).length).toBe(1);
    const [row] = await db.query('select payload from pgrelay.queue q where q.channel_id = $1 and slot is not null', [
      await channelId(db, channel),
    ]);
    expect(row).toEqual({ payload: 'late' });
    await end(channel, 'a');
    expect(await claim(db, slot, channel)).toEqual([ran]);
  });

  test('keys take turns, however many events one has, and whoever claims', async () => {
    const channel = await limited('p_fair => true', `${'a '.repeat(40)}b b c`);
    expect(sorted(await keysOf(channel, 3))).toBe('a b c');
    expect(sorted(await keysOf(channel, 2))).toBe('a b');
    expect(sorted(await keysOf(channel, 5))).toBe('a a a a a');
    await send(channel, 'd');
    expect(await keysOf(channel, 1)).toBe('d');
  });

  test('the walk goes on where it stopped, and round', async () => {
    const channel = await limited('p_fifo => true', 'a b c d e a b c d e');
    expect(await keysOf(channel, 2)).toBe('a b');
    await end(channel, 'a');
    expect(await keysOf(channel, 2)).toBe('c d');
    expect(sorted(await keysOf(channel, 2))).toBe('a e');
    expect(await keysOf(channel, 2)).toBe('');
  });

  test('events without a key neither wait for the others nor hold them up', async () => {
    const channel = await limited('p_fifo => true', `${'a '.repeat(6)}- - - - - -`);
    expect(sorted(await keysOf(channel, 4))).toBe('- - - a');
    expect(await keysOf(channel, 1)).toBe('-');
    const many = await limited('p_key_concurrency => 1', `${'- '.repeat(6)}a b c d e f`);
    expect(sorted(await keysOf(many, 6))).toBe('- - - a b c');
  });

  test('a few without a key are found behind thousands with one', async () => {
    const channel = await limited('p_fifo => true');
    await db.query("select pgrelay.notify($1, p_key => 'k') from generate_series(1, 2500)", [channel]);
    const [plain] = await send(channel, '-');
    const got: string[] = [];
    for (let n = 0; n < 4; n += 1) got.push(...(await claim(db, slot, channel, 10)));
    expect(got).toContain(plain);
    expect(got).toHaveLength(2);
    expect(await polled(channel)).toBe(true); // it looks on from the beginning again: there may be more
  });

  test('one whose first event somebody has locked is left alone, and its second is not taken', async () => {
    const channel = await limited('p_fifo => true', 'a a b b');
    const [head] = await db.query<{ id: string }>(
      'select min(id)::text as id from pgrelay.queue where channel_id = $1',
      [await channelId(db, channel)],
    );
    const other = await db.session('other');
    await other.query('begin');
    await other.query('select from pgrelay.queue where id = $1 for update', [head?.id]);
    expect(await keysOf(channel)).toBe('b');
    await other.query('rollback');
    expect(await keysOf(channel)).toBe('a');
  });

  test('is no limit for a channel that has none, and stays with the event wherever it goes', async () => {
    const channel = await limited('', 'a a a');
    const ids = await claim(db, slot, channel);
    expect(ids).toHaveLength(3);
    await settle(db, slot, ids.slice(0, 1), 'retried', 1_000);
    await settle(db, slot, ids.slice(1, 2), 'failed', null, { code: 'x' });
    await db.query('select pgrelay.release_v1($1, $2, $3)', [slot.slot, slot.epoch, ids.slice(2)]);
    expect(await db.query('select pgrelay.snooze($1, $2)', [ids[2], '10 minutes'])).toHaveLength(1);
    const keys = async (table: string) =>
      (await db.query<{ key: string }>(`select key from pgrelay.${table} where id = any ($1)`, [ids])).map(
        (row) => row.key,
      );
    expect(await keys('delayed')).toEqual(['a', 'a']);
    expect(await keys('failed')).toEqual(['a']);
    expect(await keys('events')).toEqual(['a', 'a']);
    await pass('20 minutes');
    await db.query('select pgrelay.poll_v1(array[]::integer[])');
    await db.query('select pgrelay.redrive($1)', [ids[1]]);
    expect(await keys('queue')).toEqual(['a', 'a', 'a']);
    await db.query('select pgrelay.drop_channel($1, true)', [channel]);
    expect(await keys('failed')).toEqual(['a', 'a', 'a']);
  });
});

describe('an event whose Processor was lost', () => {
  test.each([
    ['p_concurrency => 9', '- - -'],
    ['p_fifo => true', 'a b c'],
    ['p_fair => true', 'a a a'],
    ['p_fair => true', '- - -'],
  ])('is claimed alone: %s, %s', async (settings, keys) => {
    const channel = await limited(settings, keys);
    const dead = await takeSlot(db, 1_000);
    const [lost] = await claim(db, dead, channel, 1);
    await pass('2 s');
    await db.query('select pgrelay.bury_v1()');
    await db.query('select pgrelay.rescue_v1()');
    const got: string[][] = [];
    for (let n = 0; n < 3; n += 1) got.push(await claim(db, slot, channel));
    expect(got.filter((ids) => ids.includes(lost as string))).toEqual([[lost]]);
    expect(got.flat()).toHaveLength(3);
  });
});

describe('a rate', () => {
  test('no period has more starts, wherever it begins', async () => {
    const channel = await limited("p_rate => 5, p_rate_period => '10 s'", '- '.repeat(40));
    const starts: number[] = [];
    for (let tenths = 0; tenths < 400; tenths += 3) {
      const got = await claim(db, slot, channel, 1 + (tenths % 4));
      starts.push(...got.map(() => tenths));
      await settle(db, slot, got, 'done');
      await pass('0.3 s');
    }
    for (const from of starts)
      expect(starts.filter((at) => at >= from && at < from + 100).length).toBeLessThanOrEqual(5);
    expect(starts.length).toBeGreaterThanOrEqual(18);
  });

  test('says when the next may start, to a look too, and is not reported meanwhile', async () => {
    const channel = await limited("p_rate => 2, p_rate_period => '1 minute'", '- - - -');
    const [{ at } = { at: 0 }] = await db.query<{ at: number }>(
      'select extract(epoch from at)::float8 * 1000 as at from public.test_clock',
    );
    await claim(db, slot, channel, 1);
    await pass('20 s');
    await claim(db, slot, channel);
    expect(await polled(channel)).toBe(false);
    const look = async () =>
      (
        await db.query<{ ms: number }>(
          "select next_due_ms as ms from pgrelay.look_v1($1, '{}', '{}', '{}', null, null, false, false, false, false, false)",
          [[await channelId(db, channel)]],
        )
      )[0]?.ms;
    expect(await look()).toBe(40_000);
    expect(await limits(channel)).toMatchObject({ next_start_at: new Date(at + 60_000) });
    await pass('40 s');
    expect(await polled(channel)).toBe(true);
    expect(await claim(db, slot, channel)).toHaveLength(1);
    expect(await look()).toBe(20_000);
    await pass('-1 hour'); // the clock is set back
    expect(await claim(db, slot, channel)).toHaveLength(1);
    await pass('1 hour');
  });

  test('keeps its starts in a small row', async () => {
    const channel = await limited("p_rate => 1000, p_rate_period => '10 s'", '- '.repeat(5));
    for (let n = 0; n < 300; n += 1) {
      await db.query('select pgrelay.note_starts($1, 1)', [await channelId(db, channel)]);
      await pass('0.05 s');
    }
    const [row] = await db.query<{ n: number; sum: number }>(
      'select cardinality(s.started) as n, (select sum(x)::int from unnest(s.started) x) as sum from pgrelay.limit_state s where channel_id = $1',
      [await channelId(db, channel)],
    );
    expect(row?.n).toBeLessThanOrEqual(101);
    expect(row?.sum).toBeGreaterThanOrEqual(199);
  });
});

describe('of a SQL channel', () => {
  const action = ", p_action_sql => 'select $1::text'";
  test('a batch has one event of each key in order, and what is to be retried holds up its key', async () => {
    await db.query('create table public.ran (key text, n int)');
    await db.query('grant insert on public.ran to pgrelay');
    const channel = await limited(
      'p_fifo => true',
      '',
      `, p_action_sql => 'insert into public.ran select (pgrelay.current_event()).key, 1 / $1::int'`,
    );
    await db.query('select pgrelay.set_retry($1, $2, array[$3::interval])', [channel, 'sqlstate:22012', '1 minute']);
    for (const [key, payload] of [
      ['a', '0'],
      ['a', '1'],
      ['b', '1'],
      ['b', '1'],
      [null, '1'],
    ])
      await db.query('select pgrelay.notify($1, $2, p_key => $3)', [channel, payload, key]);
    expect(await runBatch(db, slot, channel)).toMatchObject({ taken: 3, done: 2, retried: 1 });
    expect(await runBatch(db, slot, channel)).toMatchObject({ taken: 1, done: 1 });
    expect(await runBatch(db, slot, channel)).toMatchObject({ taken: 0 });
    const ran = async () =>
      (await db.query<{ key: string }>('select coalesce(key, $1) as key from public.ran order by 1', ['-']))
        .map((row) => row.key)
        .join(' ');
    expect(await ran()).toBe('- b b');
    await pass('2 minutes');
    await db.query('select pgrelay.poll_v1(array[]::integer[])');
    expect(await runBatch(db, slot, channel)).toMatchObject({ taken: 1, failed: 1 });
    expect(await runBatch(db, slot, channel)).toMatchObject({ taken: 1, done: 1 });
    expect(await ran()).toBe('- a b b');
  });

  test('in parallel: as many batches as it may, and none takes a key of another', async () => {
    const channel = await limited('p_concurrency => 2, p_fifo => true', 'a a b b c c', `${action}, p_parallel => true`);
    const [one, two] = [await db.session('one'), await db.session('two')];
    await one.query('begin');
    await two.query('begin');
    expect(await runBatch(one, slot, channel, 2)).toMatchObject({ taken: 2, done: 2 });
    expect(await runBatch(two, slot, channel, 5)).toMatchObject({ taken: 1, done: 1 });
    expect(await runBatch(db, slot, channel)).toMatchObject({ busy: true, taken: 0 });
    await one.query('commit');
    expect(await runBatch(db, slot, channel)).toMatchObject({ busy: false, taken: 2 });
    await two.query('commit');
    expect(await runBatch(db, slot, channel)).toMatchObject({ taken: 1 });
    expect(await logOf(db, channel)).toHaveLength(6);
  });

  test('in parallel: an earlier event of a key that gets ready while a later one runs waits for it', async () => {
    const channel = await limited('p_key_concurrency => 1', '', `${action}, p_parallel => true`);
    const [early, late] = await send(channel, 'a a');
    await db.query('select pgrelay.snooze($1, $2)', [early, '1 minute']);
    const [one, two] = [await db.session('one'), await db.session('two')];
    await one.query('begin');
    expect(await runBatch(one, slot, channel)).toMatchObject({ taken: 1, done: 1 }); // the later one, not committed
    await pass('2 minutes');
    await db.query('select pgrelay.poll_v1(array[]::integer[])');
    expect(await runBatch(two, slot, channel)).toMatchObject({ taken: 0 });
    await one.query('commit');
    expect(await runBatch(two, slot, channel)).toMatchObject({ taken: 1, done: 1 });
    expect((await logOf(db, channel)).map((row) => row['event_id'])).toEqual([late, early]);
  });

  test('a channel that was limited before it became a parallel SQL channel has turns', async () => {
    const channel = await limited('p_concurrency => 2');
    await db.query("select pgrelay.register_channel($1, 'select 1', p_parallel => true, p_replace => true)", [channel]);
    await send(channel, 'a');
    expect(await runBatch(db, slot, channel)).toMatchObject({ busy: false, taken: 1, done: 1 });
  });

  test('a start that a timeout undid counts', async () => {
    const channel = await limited("p_rate => 1, p_rate_period => '1 minute'", '', action);
    const [first] = await send(channel, 'a b');
    const failed = await db.query('select pgrelay.fail_v1($1, $2, 1::smallint, $3, 10, $4) as outcome', [
      slot.slot,
      slot.epoch,
      first,
      JSON.stringify({ sqlstate: '57014', code: 'action_error' }),
    ]);
    expect(failed).toEqual([{ outcome: 'failed' }]);
    expect(await runBatch(db, slot, channel)).toMatchObject({ taken: 0 });
    await pass('61 s');
    expect(await runBatch(db, slot, channel)).toMatchObject({ taken: 1 });
  });

  test('a batch has one event of each key, however many of it may run', async () => {
    const channel = await limited('p_key_concurrency => 2', 'a a b', action);
    expect(await runBatch(db, slot, channel)).toMatchObject({ taken: 2, done: 2 });
    expect(await runBatch(db, slot, channel)).toMatchObject({ taken: 1, done: 1 });
  });

  test('a rate counts what ran, and bounds a batch', async () => {
    const channel = await limited("p_rate => 3, p_rate_period => '1 minute'", '- - - - -', action);
    expect(await runBatch(db, slot, channel, 2)).toMatchObject({ taken: 2 });
    expect(await runBatch(db, slot, channel)).toMatchObject({ taken: 1 });
    expect(await runBatch(db, slot, channel)).toMatchObject({ taken: 0 });
    await pass('61 s');
    expect(await runBatch(db, slot, channel)).toMatchObject({ taken: 2 });
  });

  test('one that is asked for by its id runs only when it may', async () => {
    const channel = await limited('p_fifo => true', '', action);
    const [first, second] = await send(channel, 'a a');
    const only = async (id: string | undefined) =>
      (
        await db.query(
          'select taken from pgrelay.run_batch_v1($1, $2, 1::smallint, $3, 1, true, 10000, p_only_id => $4)',
          [slot.slot, slot.epoch, await channelId(db, channel), id],
        )
      )[0];
    expect(await db.query('select pgrelay.peek_v1($1, 10)::text[] as ids', [await channelId(db, channel)])).toEqual([
      { ids: [first] },
    ]);
    expect(await only(second)).toEqual({ taken: 0 });
    expect(await only(first)).toEqual({ taken: 1 });
    expect(await only(second)).toEqual({ taken: 1 });
  });

  test('run() keeps to it', async () => {
    const channel = await limited("p_rate => 3, p_rate_period => '1 minute'", '- - - - -', action);
    await db.query('call pgrelay.run()');
    expect(await logOf(db, channel)).toHaveLength(3);
    await pass('61 s');
    await db.query('call pgrelay.run()');
    expect(await logOf(db, channel)).toHaveLength(5);
  });
});

describe('a refused claim', () => {
  test('locks nothing: what it was refused can be claimed, cancelled and put off by others while its transaction is open', async () => {
    const channel = await limited('p_concurrency => 1', '- - -');
    await claim(db, slot, channel, 1);
    const refused = await db.session('refused');
    await refused.query('begin');
    expect(await claim(refused as never, slot, channel)).toEqual([]);
    const locks = await db.query(
      "select l.relation::regclass::text as table, l.mode from pg_locks l where l.pid = $1 and l.locktype in ('tuple', 'transactionid')",
      [refused.pid],
    );
    expect(locks).toEqual([]);
    const ids = await db.query<{ id: string }>(
      "select id::text from pgrelay.events where channel = $1 and state = 'ready' order by id",
      [channel],
    );
    expect(await db.query('select pgrelay.cancel($1) as was', [ids[0]?.id])).toEqual([{ was: 'cancelled' }]);
    await end(channel, null);
    expect(await claim(db, slot, channel)).toEqual([ids[1]?.id]);
    await refused.query('commit');
  });

  test('waits for nobody: while another claim of the channel is open it gets nothing, and other channels go on', async () => {
    const channel = await limited('p_concurrency => 5', '- - - -');
    const open = await db.session('open');
    await open.query('begin');
    expect(await claim(open as never, slot, channel, 2)).toHaveLength(2);
    expect(await claim(db, slot, channel)).toEqual([]);
    await open.query('rollback');
    expect(await claim(db, slot, channel)).toHaveLength(4);
  });

  test('settings are changed while a batch with a rate runs', async () => {
    const channel = await limited("p_rate => 3, p_rate_period => '1 minute'", '- -', ", p_action_sql => 'select 1'");
    const batch = await db.session('batch');
    await batch.query('begin');
    expect(await runBatch(batch as never, slot, channel)).toMatchObject({ taken: 2 });
    await db.query("select pgrelay.set_limits($1, p_rate => 4, p_rate_period => '1 minute')", [channel]);
    expect(await db.query('select pgrelay.unset_limits($1) as had', [channel])).toEqual([{ had: true }]);
    await batch.query('commit');
  });
});

describe('settings', () => {
  test.each([
    ['', 'no limit is given'],
    ['p_fifo => false', 'no limit is given'],
    ['p_concurrency => 0', 'p_concurrency 0'],
    ['p_key_concurrency => -1', 'p_key_concurrency -1'],
    ['p_rate => 1000001, p_rate_period => $$1 s$$', 'p_rate 1000001'],
    ['p_rate => 5', 'without the other'],
    ['p_rate_period => $$1 s$$', 'without the other'],
    ['p_rate => 5, p_rate_period => $$50 ms$$', 'p_rate_period 00:00:00.05'],
    ['p_fifo => true, p_key_concurrency => 2', 'p_key_concurrency is 2 and p_fifo is true'],
  ])('%s is refused', async (settings, message) => {
    const channel = await limited('');
    await expect(
      db.query(`select pgrelay.set_limits($1${settings === '' ? '' : ', '}${settings})`, [channel]),
    ).rejects.toMatchObject({ code: 'PR004', message: expect.stringContaining(message) });
    expect(await limits(channel)).toBeUndefined();
  });

  test('of no channel, or an unknown one, are refused', async () => {
    await expect(db.query('select pgrelay.set_limits(null, p_fifo => true)')).rejects.toMatchObject({ code: 'PR004' });
    await expect(db.query("select pgrelay.set_limits('nope', p_fifo => true)")).rejects.toMatchObject({
      code: 'PR001',
    });
    await expect(db.query("select pgrelay.unset_limits('nope')")).rejects.toMatchObject({ code: 'PR001' });
  });

  test.each([
    ['an empty key', "''"],
    ['a key that is too long', "repeat('k', 201)"],
  ])('%s is refused', async (_what, key) => {
    const channel = await limited('');
    await expect(db.query(`select pgrelay.notify($1, p_key => ${key})`, [channel])).rejects.toMatchObject({
      code: 'PR004',
    });
    await expect(
      db.query(`select pgrelay.notify_many($1, array['1', '2'], p_key => array['k', ${key}])`, [channel]),
    ).rejects.toMatchObject({ code: 'PR004', message: expect.stringContaining('key 2 has') });
  });

  test('a key goes with a dedup key, a priority and a time, and with many', async () => {
    const channel = await limited('');
    await db.query("select pgrelay.notify($1, '1', p_dedup_key => 'd', p_priority => 3, p_key => 'a')", [channel]);
    await db.query("select pgrelay.notify($1, '1', p_run_at => pgrelay.clock_now() + interval '1 s', p_key => 'b')", [
      channel,
    ]);
    await db.query("select pgrelay.notify_many($1, array['1', '2', '3'], p_key => array['c', null, 'd'])", [channel]);
    const rows = await db.query<{ key: string | null }>(
      'select key from pgrelay.events where channel = $1 order by id',
      [channel],
    );
    expect(rows.map((row) => row.key)).toEqual(['a', 'b', 'c', null, 'd']);
  });

  test('declared by a handler they come and go with its definition, and those set by hand stay', async () => {
    const [declared, byHand] = [await limited(''), await limited('p_concurrency => 7')];
    const declare = (limit: object | null) =>
      db.query('select pgrelay.declare_limits_v1($1, $2)', [
        [declared, byHand],
        [limit, limit].map((one) => (one === null ? null : JSON.stringify(one))),
      ]);
    await declare({ concurrency: 2, fifo: true, rate: 3, ratePeriodMs: 1_500 });
    expect(await limits(declared)).toMatchObject({
      concurrency: 2,
      key_concurrency: 1,
      fifo: true,
      fair: false,
      rate: 3,
      declared: true,
    });
    expect(await limits(byHand)).toMatchObject({ concurrency: 7, declared: false });
    await declare(null);
    expect(await limits(declared)).toBeUndefined();
    expect(await limits(byHand)).toMatchObject({ concurrency: 7 });
  });
});
