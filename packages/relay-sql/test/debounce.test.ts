import { useDatabase } from '@pgrelay/test-support';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { channelId, claim, runBatch, type Slot, settle, takeSlot } from './support/slot.js';

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

/** A channel of its own for each test, and a time at which nobody has looked yet. */
beforeEach(async () => {
  round += 1;
  channel = `d.${round}`;
  await pass('1 day');
  await db.query('select pgrelay.register_channel($1)', [channel]);
});

type Asker = Pick<typeof db, 'query'>;
const pass = (interval: string) => db.query('update public.test_clock set at = at + $1::interval', [interval]);
const debounce = (lag: string, maxWait = '0', cooldown = '0', to = channel) =>
  db.query('select pgrelay.set_debounce($1, $2, $3, $4)', [to, lag, maxWait, cooldown]);
const send = async (payload: string | null = null, key: string | null = null, on: Asker = db, to = channel) =>
  (
    await on.query<{ id: string }>('select pgrelay.notify($1, $2, p_dedup_key => $3)::text as id', [to, payload, key])
  )[0]?.id ?? '';
/** What a Processor does: collapses, moves what is due; in how many ms the next is due. */
const look = async (on: Asker = db) =>
  (
    await on.query<{ ms: number | null }>(
      "select next_due_ms as ms from pgrelay.look_v1('{}', '{}', '{}', '{}', null, null, false, false, false, false, false)",
    )
  )[0]?.ms ?? null;
const events = (to = channel) =>
  db.query<{ id: string; state: string }>('select id::text, state from pgrelay.events where channel = $1 order by id', [
    to,
  ]);
const ready = async (to = channel) => (await events(to)).filter((e) => e.state === 'ready').map((e) => e.id);
const cancelled = (to = channel) =>
  db.query<{ id: string; into: string }>(
    "select event_id::text as id, into_event::text as into from pgrelay.log where channel = $1 and outcome = 'cancelled' and code = 'debounced' order by event_id",
    [to],
  );
const explain = (id: string) =>
  db.query<{ reason: string; evidence: string; remedy: string }>('select * from pgrelay.explain_event($1)', [id]);
const dueIn = async (id: string) =>
  (
    await db.query<{ s: string }>(
      'select (extract(epoch from run_at) - extract(epoch from pgrelay.clock_now()))::text as s from pgrelay.events where id = $1',
      [id],
    )
  ).map((row) => Number(row.s))[0];
async function asOwner<T extends Record<string, unknown>>(sql: string, values: unknown[] = []) {
  await db.query('set role pgrelay_owner');
  try {
    return await db.query<T>(sql, values);
  } finally {
    await db.query('reset role');
  }
}
/** Claims the one that was let go and ends it. */
async function run(outcome = 'done', delayMs: number | null = null): Promise<string[]> {
  const ids = await claim(db, slot, channel);
  await settle(db, slot, ids, outcome, delayMs);
  return ids;
}

describe('a debounced channel', () => {
  test('500 events in a burst of 2 s are one, the newest, a lag after the burst', async () => {
    await debounce('10 s');
    const ids: string[] = [];
    for (let i = 1; i <= 500; i += 1) {
      ids.push(await send(`payload ${i}`));
      await pass('4 ms');
    }
    const last = ids.at(-1) ?? '';
    await pass('-4 ms');
    expect(await look()).toBe(10_000 - 499 * 4); // when the first alone would be due
    await pass('8004 ms');
    expect(await look()).toBe(1_996); // they are one by now
    expect(await events()).toEqual([{ id: last, state: 'delayed' }]);
    expect(await dueIn(last)).toBe(1.996);
    await pass('1995 ms');
    expect(await look()).toBe(1);
    expect(await ready()).toEqual([]);
    await pass('1 ms');
    await look();
    expect(await ready()).toEqual([last]);
    const [row] = await db.query('select payload from pgrelay.queue where id = $1', [last]);
    expect(row).toEqual({ payload: 'payload 500' });
    expect(await cancelled()).toEqual(ids.slice(0, -1).map((id) => ({ id, into: last })));
    expect(await run()).toEqual([last]);
    expect(await look()).toBeNull();
  });

  test('a steady stream runs every max_wait, not never', async () => {
    await debounce('2 s', '5 s');
    const at: number[] = [];
    for (let second = 0; second < 20; second += 1) {
      await send(String(second));
      for (let half = 0; half < 2; half += 1) {
        await look();
        if ((await run()).length > 0) at.push(second + half / 2);
        await pass('500 ms');
      }
    }
    // The first of the next lot is the first event after the one before was let go.
    expect(at).toEqual([5, 11, 17]);
  });

  test('the cooldown begins when the last one ends, and wins over lag and max_wait', async () => {
    await debounce('1 s', '2 s', '30 s');
    await send();
    await pass('1 s');
    await look();
    const [first] = await claim(db, slot, channel);
    await pass('10 s'); // it runs so long
    await settle(db, slot, [first ?? ''], 'done');
    const next = await send();
    await pass('2 s');
    expect(await look()).toBe(28_000);
    expect(await dueIn(next)).toBe(28);
    await pass('27999 ms');
    await look();
    expect(await ready()).toEqual([]);
    await pass('1 ms');
    await look();
    expect(await ready()).toEqual([next]);
  });

  test('with no lag and a cooldown the first runs at once, and what comes in the cooldown is one', async () => {
    await debounce('0', '0', '10 s');
    const first = await send();
    await look();
    expect(await run()).toEqual([first]);
    await pass('1 s');
    await send();
    await look();
    await pass('1 s');
    const last = await send();
    await look();
    expect(await ready()).toEqual([]);
    await pass('8 s');
    await look();
    expect(await run()).toEqual([last]);
  });

  test.each(['complete_v1', 'settle_v1'])(
    'while one runs, the new ones collect, and are one when it has ended (%s)',
    async (by) => {
      await debounce('1 s');
      const first = await send();
      await pass('1 s');
      await look();
      await claim(db, slot, channel);
      await send();
      await pass('2 s');
      const second = await send();
      await pass('5 s');
      expect(await look()).toBeNull(); // not known: when the first has ended
      await db.query('select pgrelay.release_waiters()'); // for those of after_all
      expect(await dueIn(second)).toBe(Number.POSITIVE_INFINITY);
      expect(await ready()).toEqual([]);
      expect(await explain(second)).toContainEqual({
        reason: 'not_due',
        evidence: expect.stringMatching(
          new RegExp(`^debounced with 0 others: .* when event ${first}, which is before it, has ended$`),
        ),
        remedy: expect.stringContaining(`snooze(${second}`),
      });
      if (by === 'settle_v1') {
        await settle(db, slot, [first], 'retried', 60_000); // it will run again: it has not ended
        await look();
        expect(await ready()).toEqual([]);
        await pass('60 s');
        await look();
        await claim(db, slot, channel);
        await settle(db, slot, [first], 'failed', null, { code: 'x' });
      } else {
        await db.query(`select pgrelay.complete_v1($1, $2, array[$3::bigint], array[1], array[5], array[0])`, [
          slot.slot,
          slot.epoch,
          first,
        ]);
      }
      await look();
      expect(await ready()).toEqual([second]);
      await run();
    },
  );

  test('a key is by itself; events without one are one; an empty key is a key', async () => {
    await debounce('1 s');
    await send('a1', 'a');
    const a = await send('a2', 'a');
    await send('n1');
    const none = await send('n2');
    const empty = await send('e', '');
    await pass('1 s');
    await look();
    expect(await ready()).toEqual([a, none, empty]);
    await run();
  });

  test('of a SQL channel, with a Processor and with CALL pgrelay.run()', async () => {
    const name = `${channel}.sql`;
    await db.query("select pgrelay.register_channel($1, 'select 1')", [name]);
    await debounce('1 s', '0', '10 s', name);
    await send('1', null, db, name);
    const first = await send('2', null, db, name);
    await pass('1 s');
    await look();
    expect(await runBatch(db, slot, name)).toMatchObject({ done: 1 });
    await send('3', null, db, name);
    const second = await send('4', null, db, name);
    await pass('9 s');
    await db.query('call pgrelay.run()');
    expect(await events(name)).toHaveLength(1); // the cooldown
    await pass('1 s');
    await db.query('call pgrelay.run()');
    expect(
      await db.query(
        "select event_id::text as id from pgrelay.log where channel = $1 and outcome = 'done' order by 1",
        [name],
      ),
    ).toEqual([{ id: first }, { id: second }]);
    await db.query('call pgrelay.run()');
  });

  test('notify_many: as many calls of notify', async () => {
    await debounce('1 s');
    const [row] = await db.query<{ ids: string[] }>(
      "select pgrelay.notify_many($1, array['1', '2', '3', '4'], p_priority => array[5, 5, 7, null], p_dedup_key => array['a', 'b', 'a', null])::text[] as ids",
      [channel],
    );
    const ids = row?.ids ?? [];
    await pass('1 s');
    await look();
    expect(await ready()).toEqual(ids.slice(1));
    expect(
      await db.query(
        'select payload, priority, dedup_key as key from pgrelay.queue q where id = any ($1) order by id',
        [ids],
      ),
    ).toEqual([
      { payload: '2', priority: 5, key: 'b' },
      { payload: '3', priority: 7, key: 'a' },
      { payload: '4', priority: 0, key: null },
    ]);
    expect((await claim(db, slot, channel)).sort()).toEqual(ids.slice(1)); // their lanes are known
  });

  test.each([["p_run_at => pgrelay.clock_now() + interval '1 s'"], ["p_dedup_key => 'k', p_dedup_window => '1 min'"]])(
    'refuses a time and a window: %s',
    async (args) => {
      await debounce('1 s');
      await expect(db.query(`select pgrelay.notify($1, 'x', ${args})`, [channel])).rejects.toMatchObject({
        code: 'PR004',
        message: expect.stringContaining(channel),
      });
    },
  );

  test('refuses what every channel refuses, takes a time that has passed, and waits while it is paused', async () => {
    await debounce('1 s');
    await expect(send('x'.repeat(1_048_577))).rejects.toMatchObject({ code: 'PR003' });
    await db.query('select pgrelay.disable_channel($1)', [channel]);
    await expect(send()).rejects.toMatchObject({ code: 'PR002' });
    await db.query('select pgrelay.pause_channel($1)', [channel]);
    await db.query('select pgrelay.notify($1, p_run_at => pgrelay.clock_now())', [channel]);
    await pass('1 s');
    await look();
    expect(await claim(db, slot, channel)).toEqual([]);
    await db.query('select pgrelay.resume_channel($1)', [channel]);
    expect(await run()).toHaveLength(1);
  });

  test('those of another node are left alone, and hold up nothing here', async () => {
    await debounce('1 s');
    const [foreign, own] = [await send(), await send()];
    await db.query('set role pgrelay_owner');
    await db.query('update pgrelay.delayed set node = 0 where id = $1', [foreign]);
    await db.query('reset role');
    await pass('1 s');
    await look();
    expect(await run()).toEqual([own]);
    expect(await cancelled()).toEqual([]);
    await pass('1 day');
    await look();
    expect(await events()).toEqual([{ id: foreign, state: 'delayed' }]); // its own node moves it
    await db.query('select pgrelay.unset_debounce($1)', [channel]);
    await db.query("select pgrelay.notify($1, p_run_at => pgrelay.clock_now() + interval '1 minute')", [channel]);
    await db.query('set role pgrelay_owner');
    await db.query('update pgrelay.delayed set node = 0, first_at = null');
    await db.query('reset role');
    await pass('1 hour');
    await look();
    expect(await ready()).toEqual([]); // nor does one that is not debounced get ready here
    await db.query('select pgrelay.drop_channel($1, true)', [channel]);
  });

  test('one that waits is cancelled, purged, erased, put off and dropped as any delayed event', async () => {
    await debounce('1 s', '0', '5 s');
    const [a, b, c] = [await send(), await send(), await send()];
    expect(await db.query('select pgrelay.cancel($1) as was', [c])).toEqual([{ was: 'cancelled' }]);
    await pass('1 s');
    await look();
    expect(await ready()).toEqual([b]); // the newest that is left
    expect(await cancelled()).toEqual([{ id: a, into: b }]);
    await db.query('select pgrelay.cancel($1)', [b]); // it has not run: no cooldown
    const d = await send();
    await pass('1 s');
    await look();
    expect(await run()).toEqual([d]);
    await send('secret', 'k');
    await db.query("call pgrelay.purge($1, 'k')", [channel]);
    await send('secret', 'k');
    await db.query("call pgrelay.erase(p_key => 'k')");
    expect(await events()).toEqual([]);
    const [e, f] = [await send(), await send()];
    await db.query("select pgrelay.snooze($1, '0')", [e]);
    await look();
    expect(await ready()).toEqual([e]); // by itself, in the cooldown
    await db.query('select pgrelay.drop_channel($1, true)', [channel]);
    expect(
      await db.query('select id::text, code from pgrelay.failed where channel = $1 order by id', [channel]),
    ).toEqual([e, f].map((id) => ({ id, code: 'channel_dropped' })));
    expect(
      await asOwner(
        'select from pgrelay.debounce_key k where k.channel_id not in (select c.id from pgrelay.channel c)',
      ),
    ).toEqual([]);
  });

  test('changed settings hold for what waits; taken away, it runs at once', async () => {
    await debounce('1 hour');
    await send('1');
    const last = await send('2');
    await debounce('2 hours');
    await look();
    expect(await dueIn(last)).toBe(7200);
    await debounce('5 s');
    await look();
    expect(await dueIn(last)).toBe(5);
    await debounce('5 s'); // the same again changes nothing
    expect(await dueIn(last)).toBe(5);
    const session = await db.session('open');
    await session.query('begin');
    const open = await send('3', null, session); // commits when the channel, and every other, is debounced no more
    await db.query('select pgrelay.unset_debounce(channel) from pgrelay.debounces where channel <> $1', [channel]);
    expect(await db.query('select pgrelay.unset_debounce($1) as was', [channel])).toEqual([{ was: true }]);
    await look();
    expect(await ready()).toEqual([last]);
    await session.query('commit');
    await pass('5 s');
    await look();
    expect(await ready()).toEqual([last, open]);
    expect(await db.query('select pgrelay.unset_debounce($1) as was', [channel])).toEqual([{ was: false }]);
    const plain = await send('4');
    expect(await ready()).toEqual([last, open, plain]);
    await run();
  });

  test('many keys and many events of a key are done step by step, each with one audit row', async () => {
    await debounce('1 s');
    await db.query(
      "select pgrelay.notify_many($1, array_fill('x'::text, array[5001]), p_dedup_key => array_fill('big'::text, array[5001]))",
      [channel],
    );
    await db.query(
      "select pgrelay.notify_many($1, array_fill('x'::text, array[250]), p_dedup_key => array(select 'k' || i from generate_series(1, 250) i))",
      [channel],
    );
    await pass('1 s');
    let looks = 1;
    while (looks < 50 && (await look()) === 0) looks += 1;
    expect(looks).toBeGreaterThan(2);
    expect(await ready()).toHaveLength(251);
    expect(await cancelled()).toHaveLength(5000);
    expect(new Set((await cancelled()).map((row) => row.id)).size).toBe(5000);
    await run();
    await run();
    await run();
  });

  test('reads and writes nothing of it for the others', async () => {
    await db.query('select pgrelay.unset_debounce(channel) from pgrelay.debounces');
    await asOwner('alter function pgrelay.collapse_marks(timestamptz) rename to collapse_marks_away');
    await asOwner('alter function pgrelay.end_debounced(bigint[]) rename to end_debounced_away');
    await asOwner(
      'alter function pgrelay.put_marks(text, integer, text[], integer[], text[], timestamptz[], interval[], text[]) rename to put_marks_away',
    );
    const id = await send();
    await look();
    expect(await run()).toEqual([id]);
    await asOwner('alter function pgrelay.collapse_marks_away(timestamptz) rename to collapse_marks');
    await asOwner('alter function pgrelay.end_debounced_away(bigint[]) rename to end_debounced');
    await asOwner(
      'alter function pgrelay.put_marks_away(text, integer, text[], integer[], text[], timestamptz[], interval[], text[]) rename to put_marks',
    );
  });
});

describe('the times that count', () => {
  test('a transaction that was longer than the lag counts as of when it was seen, so such a burst is one, too', async () => {
    await debounce('2 s', '4 s'); // neither comes before it was seen
    const sessions = await Promise.all([1, 2, 3].map((n) => db.session(`long ${n}`)));
    for (const session of sessions) {
      await session.query('begin');
      await send(session.name, null, session);
    }
    await pass('5 s');
    await look();
    await sessions[0]?.query('commit');
    expect(await look()).toBe(2_000);
    expect(await ready()).toEqual([]);
    await pass('1 s');
    await sessions[1]?.query('commit');
    await look();
    await pass('1 s');
    await sessions[2]?.query('commit');
    expect(await look()).toBe(2_000); // that of the third
    await pass('2 s');
    await look();
    expect(await ready()).toHaveLength(1);
    expect(await cancelled()).toHaveLength(2);
    await run();
  });

  test('when nobody looked meanwhile, the call counts: after a night without a Processor it runs at once', async () => {
    await debounce('2 s');
    const id = await send();
    await pass('8 hours');
    await look();
    expect(await ready()).toEqual([id]);
    await run();
  });

  test('a clock that was set back puts nothing off for ever', async () => {
    await debounce('2 s');
    await look();
    await pass('-1 hour');
    const id = await send();
    await look();
    await pass('2 s');
    await look();
    await pass('2 s');
    await look();
    expect(await ready()).toEqual([id]);
    await run();
    await pass('1 hour');
  });
});

describe('races', () => {
  test('an event that commits while the others collapse is not lost: it is the first of the next', async () => {
    await debounce('1 s');
    const [looker, late] = [await db.session('looker'), await db.session('late')];
    const [a, b] = [await send('a'), await send('b')];
    await late.query('begin');
    const c = await send('c', null, late); // a higher id, not yet to be seen
    await pass('1 s');
    await looker.query('begin');
    await look(looker);
    await late.query('commit');
    await looker.query('commit');
    await look();
    expect(await ready()).toEqual([b]);
    expect(await cancelled()).toEqual([{ id: a, into: b }]);
    expect(await events()).toContainEqual({ id: c, state: 'delayed' });
    expect(await run()).toEqual([b]);
    await pass('2 s');
    await look();
    expect(await run()).toEqual([c]);
  });

  test('a lower id that commits later gives way to the newer payload, and still puts it off', async () => {
    await debounce('2 s');
    const old = await db.session('old');
    await old.query('begin');
    const lower = await send('old', null, old);
    await pass('1 s');
    const newer = await send('new');
    await pass('2 s');
    await old.query('commit');
    await look();
    expect(await ready()).toEqual([newer]);
    expect(await cancelled()).toEqual([{ id: lower, into: newer }]);
    await run();
  });

  test('of two who look at once one collapses, and the other waits for nobody and takes nothing', async () => {
    await debounce('1 s');
    await send('a');
    const b = await send('b');
    const [one, two] = [await db.session('one'), await db.session('two')];
    await pass('1 s');
    await one.query('begin');
    await look(one);
    const c = await send('c'); // seen by the second only
    await pass('1 s');
    await two.query("set lock_timeout = '5 s'; begin");
    await look(two);
    expect(await two.query('select from pgrelay.delayed where id = $1 and first_at is not null', [c])).toHaveLength(1);
    await two.query('commit');
    await one.query('commit');
    expect(await ready()).toEqual([b]);
    expect(await events()).toContainEqual({ id: c, state: 'delayed' });
    await run();
    await pass('1 s');
    await look();
    await pass('1 s');
    await look();
    expect(await run()).toEqual([c]);
  });

  test('one that somebody is cancelling is left, and not waited for', async () => {
    await debounce('1 s');
    const [a, b] = [await send('a'), await send('b')];
    const [person, looker] = [await db.session('person'), await db.session('looker')];
    await person.query('begin');
    await person.query('select pgrelay.cancel($1)', [b]);
    await pass('1 s');
    await looker.query("set lock_timeout = '5 s'");
    await look(looker);
    expect(await ready()).toEqual([a]);
    await person.query('commit');
    expect(await events()).toEqual([{ id: a, state: 'ready' }]);
    expect(await run()).toEqual([a]);
  });

  test('a collapse that is rolled back, or whose process dies, has done nothing', async () => {
    await debounce('1 s');
    const [a, b] = [await send('a'), await send('b')];
    const dying = await db.session('dying');
    await pass('1 s');
    await dying.query('begin');
    await look(dying);
    await db.query('select pg_terminate_backend($1, 10000)', [dying.pid]);
    expect((await events()).map((e) => e.id)).toEqual([a, b]);
    expect(await cancelled()).toEqual([]);
    await look();
    await pass('1 s'); // it may have counted as not to be seen before
    await look();
    expect(await run()).toEqual([b]);
  });

  test('an event that rolls back was never there; a prepared one comes with its COMMIT PREPARED', async () => {
    await debounce('1 s');
    const writer = await db.session('writer');
    await writer.query("set pgrelay.hint = 'off'");
    await writer.query('begin');
    await send('gone', null, writer);
    await writer.query('rollback');
    const kept = await send('kept');
    await writer.query('begin');
    const prepared = await send('prepared', null, writer);
    await writer.query("prepare transaction 'debounced'");
    await pass('1 s');
    await look();
    expect(await run()).toEqual([kept]);
    await writer.query("commit prepared 'debounced'");
    await look();
    await pass('1 s');
    await look();
    expect(await run()).toEqual([prepared]);
    expect(await cancelled()).toEqual([]);
  });

  test('a writer waits for no other, nor for who collapses', async () => {
    await debounce('1 s');
    const [one, two, looker] = [await db.session('one'), await db.session('two'), await db.session('looker')];
    await send('before', 'k');
    await pass('1 s');
    await looker.query('begin');
    await look(looker);
    for (const session of [one, two]) {
      await session.query("set lock_timeout = '100 ms'");
      await session.query('begin');
      await send('x', 'k', session);
    }
    for (const session of [two, one, looker]) await session.query('commit');
    await run();
  });

  test('one that ends while what came after it is looked at does not leave it waiting for ever', async () => {
    await debounce('1 s');
    const first = await send();
    await pass('1 s');
    await look();
    await claim(db, slot, channel);
    const next = await send();
    await pass('2 s');
    const [ending, looker] = [await db.session('ending'), await db.session('looker')];
    await ending.query('begin');
    await settle(ending, slot, [first], 'done'); // not to be seen yet
    await looker.query('begin');
    await look(looker); // it still runs, so the next waits for it
    await ending.query('commit');
    await looker.query('commit');
    expect(await dueIn(next)).toBe(Number.POSITIVE_INFINITY);
    await pass('1 s');
    await look();
    expect(await run()).toEqual([next]);
  });

  test('drop_channel and a collapse do not wait for each other crosswise', async () => {
    await debounce('100 ms');
    const id = await send();
    await look();
    await pass('100 ms');
    const [dropping, looker] = [await db.session('dropping'), await db.session('looker')];
    await dropping.query('begin');
    await dropping.query('set role pgrelay_owner; select pgrelay.lock_event_tables(); reset role');
    const looked = looker.start(
      "select from pgrelay.look_v1('{}', '{}', '{}', '{}', null, null, false, false, false, false, false)",
    );
    await looker.untilBlocked();
    await dropping.query('select pgrelay.drop_channel($1, true)', [channel]); // a deadlock, if the other had the settings locked
    await dropping.query('commit');
    await looked;
    expect(await db.query('select code from pgrelay.failed where id = $1', [id])).toEqual([
      { code: 'channel_dropped' },
    ]);
  });

  test('one that was cancelled before it ran lets the next go on, within a second', async () => {
    await debounce('1 s');
    const first = await send();
    await pass('1 s');
    await look();
    const next = await send();
    await pass('1 s');
    await look();
    expect(await ready()).toEqual([first]);
    await db.query('select pgrelay.cancel($1)', [first]);
    await pass('1 s');
    await look();
    expect(await run()).toEqual([next]);
  });
});

describe('what is said of it', () => {
  test('explain_event: until when and with how many; then into which event, also when that was debounced in turn', async () => {
    await debounce('10 s', '15 s');
    const [a, b] = [await send('secret'), await send('secret')];
    await pass('4 s');
    expect(await explain(a)).toContainEqual({
      reason: 'not_due',
      evidence: expect.stringMatching(/^debounced with 1 others: first at .*, last at .*, due at /),
      remedy: expect.stringContaining('snooze'),
    });
    const c = await send('secret');
    await pass('6 s');
    await look();
    const d = await send('secret');
    await pass('4 s');
    await look();
    await pass('1 s');
    await look();
    expect(await ready()).toEqual([d]);
    for (const id of [a, b, c])
      expect(await explain(id)).toEqual([
        {
          reason: 'cancelled',
          evidence: expect.stringMatching(new RegExp(`: debounced into event ${d}$`)),
          remedy: expect.stringContaining(`explain_event(${d})`),
        },
      ]);
    expect((await explain(d)).map((row) => row.reason)).not.toContain('not_due');
    await db.query((await explain(a))[0]?.remedy ?? '');
    await run();
    const e = await send();
    await db.query((await explain(e)).find((row) => row.reason === 'not_due')?.remedy ?? '');
    await look();
    expect(await run()).toEqual([e]);
  });

  test('the view of them, and the problem of a cooldown that is longer than max_wait, which its remedy mends', async () => {
    await debounce('1 s', '5 s', '10 s');
    expect(
      await db.query(
        'select lag::text, max_wait::text, cooldown::text, declared from pgrelay.debounces where channel = $1',
        [channel],
      ),
    ).toEqual([{ lag: '00:00:01', max_wait: '00:00:05', cooldown: '00:00:10', declared: false }]);
    const problem = async () =>
      (
        await db.query<{ remedy: string }>(
          "select remedy from pgrelay.get_problems() where code = 'cooldown_exceeds_max_wait' and object = 'channel ' || $1",
          [channel],
        )
      )[0]?.remedy;
    expect(await problem()).toContain('set_debounce');
    await db.query((await problem()) ?? '');
    expect(await problem()).toBeUndefined();
  });

  test('a channel that feeds itself is a recurrence, not an endless chain', async () => {
    const name = `${channel}.self`;
    await db.query('select pgrelay.register_channel($1, $2)', [name, `select pgrelay.notify('${name}')`]);
    await db.query("set pgrelay.max_depth = '1'");
    await debounce('1 s', '0', '0', name);
    await send(null, null, db, name);
    for (let turn = 0; turn < 4; turn += 1) {
      await pass('1 s');
      await look();
      expect(await runBatch(db, slot, name)).toMatchObject({ done: 1 });
    }
    await db.query('reset pgrelay.max_depth');
    await db.query('select pgrelay.drop_channel($1, true)', [name]);
  });

  test('after_all waits for what is debounced, and cannot be debounced itself', async () => {
    await debounce('1 s');
    const other = `${channel}.after`;
    await db.query('select pgrelay.register_channel($1)', [other]);
    const a = await send();
    const [after] = await db.query<{ id: string }>('select pgrelay.after_all(array[$1::bigint], $2)::text as id', [
      a,
      other,
    ]);
    await db.query('select pgrelay.release_waiters()');
    expect(await ready(other)).toEqual([]);
    await expect(db.query('select pgrelay.after_all(array[$1::bigint], $2)', [a, channel])).rejects.toMatchObject({
      code: 'PR004',
    });
    await send();
    await pass('1 s');
    await look();
    await db.query('select pgrelay.release_waiters()');
    await look();
    expect(await ready(other)).toEqual([after?.id]);
    await run();
  });

  test('keys that have rested are forgotten, others not', async () => {
    await debounce('0', '0', '1 hour');
    await send(null, 'a');
    await look();
    await run();
    await send(null, 'b');
    await look();
    const id = await channelId(db, channel);
    const keys = async () => {
      await db.query('select pgrelay.maintain_v1()');
      const rows = await asOwner<{ key: string }>(
        'select key from pgrelay.debounce_key where channel_id = $1 order by 1',
        [await channelId(db, channel)],
      );
      return rows.map((row) => row.key);
    };
    expect(await keys()).toEqual([`${id}=a`, `${id}=b`]);
    await pass('1 hour');
    expect(await keys()).toEqual([`${id}=b`]);
    await run();
  });
});

describe('settings', () => {
  test.each([
    ["'d.none', '1 s'", 'PR001'],
    ["null, '1 s'", 'PR004'],
    ["'d.1', null", 'PR004'],
    ["'d.1', '-1 s'", 'PR004'],
    ["'d.1', '1 s', '400 days'", 'PR004'],
    ["'d.1', '1 s', '0', '-1 s'", 'PR004'],
    ["'d.1', '0'", 'PR004'],
  ])('set_debounce refuses (%s)', async (args, code) => {
    await expect(db.query(`select pgrelay.set_debounce(${args})`)).rejects.toMatchObject({
      code,
      hint: expect.any(String),
    });
  });

  test('declared by a handler they give way to set_debounce, and go when the definition has none any more', async () => {
    const declare = (given: object | null) =>
      db.query('select pgrelay.declare_debounces_v1($1, $2)', [
        [channel],
        [given === null ? null : JSON.stringify(given)],
      ]);
    const settings = () =>
      db.query('select lag::text, max_wait::text, cooldown::text, declared from pgrelay.debounces where channel = $1', [
        channel,
      ]);
    await declare({ lagMs: 1_500 });
    expect(await settings()).toEqual([
      { lag: '00:00:01.5', max_wait: '00:00:00', cooldown: '00:00:00', declared: true },
    ]);
    await declare({ lagMs: 0, maxWaitMs: 2_000, cooldownMs: 3_000 });
    expect(await settings()).toMatchObject([{ lag: '00:00:00', max_wait: '00:00:02', cooldown: '00:00:03' }]);
    await declare(null);
    expect(await settings()).toEqual([]);
    await debounce('9 s');
    await declare({ lagMs: 1 });
    await declare(null);
    expect(await settings()).toMatchObject([{ lag: '00:00:09', declared: false }]);
  });
});
