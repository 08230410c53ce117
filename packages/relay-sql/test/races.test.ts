import { useDatabase } from '@pgrelay/test-support';
import { beforeAll, describe, expect, test } from 'vitest';
import { channelId, claim, logOf, runBatch, type Slot, settle, takeSlot } from './support/slot.js';

const db = useDatabase();
let living: Slot;

beforeAll(async () => {
  living = await takeSlot(db);
});

async function send(channel: string, ...payloads: string[]): Promise<string[]> {
  const rows = await db.query<{ ids: string[] }>('select pgrelay.notify_many($1, $2)::text[] as ids', [
    channel,
    payloads,
  ]);
  return rows[0]?.ids ?? [];
}
/** A Processor whose lease ends: it is buried, and its events are taken back. Returns how many. */
async function rescue(dead: Slot): Promise<number | undefined> {
  await db.query('set role pgrelay_owner');
  await db.query(
    "update pgrelay.instance set heartbeat_at = heartbeat_at - interval '1 day' where slot = $1 and epoch = $2",
    [dead.slot, dead.epoch],
  );
  await db.query('reset role');
  await db.query('select pgrelay.bury_v1()');
  return (await db.query<{ n: number }>('select pgrelay.rescue_v1() as n'))[0]?.n;
}
const outcomes = async (channel: string) => (await logOf(db, channel)).map((row) => row.outcome);
const attempts = [1];

describe('a claim whose reply never came', () => {
  test('hangs on a living instance: nobody else gets it, no rescue finds it, and reading back does', async () => {
    await db.query("select pgrelay.register_channel('c.lost')");
    const ids = await send('c.lost', 'a', 'b');
    const cut = await db.session('cut'); // its claim is committed; what it answered, nobody reads
    await cut.start('select from pgrelay.claim_v1($1, $2, 1::smallint, $3, 10)', [
      living.slot,
      living.epoch,
      await channelId(db, 'c.lost'),
    ]);
    await db.query('select pg_terminate_backend($1, 10000)', [cut.pid]);
    const other = await takeSlot(db);
    expect(await claim(db, other, 'c.lost')).toEqual([]);
    await db.query('select pgrelay.bury_v1()');
    expect(await db.query('select pgrelay.rescue_v1() as n')).toEqual([{ n: 0 }]);
    const held = await db.query<{ id: string }>('select id::text from pgrelay.reclaim_v1($1, $2)', [
      living.slot,
      living.epoch,
    ]);
    expect(held.map((row) => row.id)).toEqual(ids);
    await db.query('select pgrelay.release_v1($1, $2, $3)', [living.slot, living.epoch, ids]);
    expect(await claim(db, other, 'c.lost')).toEqual(ids);
    expect(await settle(db, other, ids, 'done')).toEqual(['done', 'done']);
    expect((await logOf(db, 'c.lost')).map((row) => row.attempt)).toEqual([1, 1]);
  });
});

describe('a stale worker', () => {
  test('settles after the rescue, and after the next one has the event: nothing changes, and its writes are undone', async () => {
    await db.query("select pgrelay.register_channel('s.stale'); create table written (by_whom text)");
    const ids = await send('s.stale', 'a');
    const dead = await takeSlot(db);
    const stale = await db.session('stale');
    expect(await claim(stale, dead, 's.stale')).toEqual(ids);
    await stale.query('begin');
    await stale.query("insert into written values ('stale')");
    expect(await rescue(dead)).toBe(1);
    expect(await settle(stale, dead, ids, 'done', null, null, attempts)).toEqual([]); // fewer than asked: roll back
    await stale.query('rollback');
    expect(await claim(db, living, 's.stale')).toEqual(ids);
    expect(await settle(stale, dead, ids, 'done', null, null, attempts)).toEqual([]);
    expect(await settle(stale, dead, ids, 'done', null, null, [2])).toEqual([]);
    expect(await settle(db, living, ids, 'done')).toEqual(['done']);
    expect(await outcomes('s.stale')).toEqual(['lost', 'done']);
    expect(await db.query('select from written')).toEqual([]);
  });

  test('at REPEATABLE READ still sees its event after the rescue; its settlement does not: it is refused', async () => {
    await db.query("select pgrelay.register_channel('s.repeatable')");
    const ids = await send('s.repeatable', 'a');
    const dead = await takeSlot(db);
    const stale = await db.session('stale');
    await claim(stale, dead, 's.repeatable');
    await stale.query('begin isolation level repeatable read');
    const seen = () => stale.query('select slot from pgrelay.queue where id = $1', ids);
    expect(await seen()).toEqual([{ slot: dead.slot }]);
    expect(await rescue(dead)).toBe(1);
    expect(await seen()).toEqual([{ slot: dead.slot }]); // a look is no fence
    await expect(settle(stale, dead, ids, 'done', null, null, attempts)).rejects.toMatchObject({ code: '40001' });
    await stale.query('rollback');
    expect(await outcomes('s.repeatable')).toEqual(['lost']);
    expect(await claim(db, living, 's.repeatable')).toEqual(ids);
  });
});

describe('a settlement that is under way', () => {
  test('when the Processor is rescued: what it ends is not taken back, what it does not end is', async () => {
    await db.query("select pgrelay.register_channel('f.rescue')");
    const ids = await send('f.rescue', 'a', 'b', 'c');
    const dead = await takeSlot(db);
    const flusher = await db.session('flusher');
    await claim(flusher, dead, 'f.rescue');
    await flusher.query('begin');
    expect(await settle(flusher, dead, ids.slice(0, 2), 'done')).toEqual(['done', 'done']);
    expect(await rescue(dead)).toBe(1); // it waits for nobody
    await flusher.query('commit');
    expect(await db.query('select pgrelay.rescue_v1() as n')).toEqual([{ n: 0 }]);
    expect((await outcomes('f.rescue')).sort()).toEqual(['done', 'done', 'lost']);
    expect(await claim(db, living, 'f.rescue')).toEqual(ids.slice(2));
  });

  test.each([
    ['commit', [], ['done']],
    ['rollback', ['done'], ['done']],
  ])('is sent a second time meanwhile, and then its first sending ends with %s', async (end, second, log) => {
    const channel = `f.twice.${end}`;
    await db.query('select pgrelay.register_channel($1)', [channel]);
    const ids = await send(channel, 'a');
    await claim(db, living, channel);
    const [first, again] = [await db.session('first'), await db.session('again')];
    await first.query('begin');
    expect(await settle(first, living, ids, 'done')).toEqual(['done']);
    const sent = settle(
      { query: (sql, params) => again.start(sql, params) },
      living,
      ids,
      'done',
      null,
      null,
      attempts,
    );
    await again.untilBlocked();
    await first.query(end);
    expect(await sent).toEqual(second);
    expect(await outcomes(channel)).toEqual(log);
  });
});

describe('two batches of a parallel channel', () => {
  test('that need the same rows in opposite order: the batch gives way, no event fails, and each runs once', async () => {
    await db.query(
      'create table shared (id integer primary key, n integer default 0); insert into shared values (1), (2); grant select, update on shared to pgrelay',
    );
    await db.query(
      "select pgrelay.register_channel('l.order', 'update shared set n = n + 1 where id = $1::integer', p_parallel => true)",
    );
    const [one, two] = [await db.session('one'), await db.session('two')];
    await one.query('begin');
    await two.query('begin');
    await send('l.order', '1');
    expect(await runBatch(one, living, 'l.order', 1)).toMatchObject({ done: 1 }); // one holds row 1
    await send('l.order', '2', '1');
    expect(await runBatch(two, living, 'l.order', 2)).toMatchObject({ done: 1, limited: true }); // two holds row 2, and stops at row 1
    await send('l.order', '2');
    const waiting = runBatch({ query: (sql, params) => one.start(sql, params) }, living, 'l.order', 1, true);
    await two.query('commit');
    await waiting;
    await one.query('commit');
    for (let ran = 1; ran > 0; ) ran = (await runBatch(db, living, 'l.order')).taken;
    expect(await outcomes('l.order')).toEqual(['done', 'done', 'done', 'done']);
    expect((await logOf(db, 'l.order')).every((row) => row.attempt === 1)).toBe(true);
    expect(await db.query('select n from shared order by id')).toEqual([{ n: 2 }, { n: 2 }]);
  });

  test('of one event each, in a real deadlock: one of them is retried, as the policy says, and none is lost', async () => {
    await db.query('create table crossed (id integer primary key); insert into crossed values (1), (2)');
    await db.query('grant select, update on crossed to pgrelay');
    await db.query(`create function cross_over(p_first integer) returns void language plpgsql as $$ begin
      perform from crossed where id = p_first for update;
      perform pg_advisory_xact_lock_shared(9, p_first);
      perform from crossed where id = 3 - p_first for update;
    end $$`);
    await db.query("select pgrelay.register_channel('l.dead', 'select cross_over($1::integer)', p_parallel => true)");
    const [gate, one, two] = [await db.session('gate'), await db.session('one'), await db.session('two')];
    await gate.query('select pg_advisory_lock(9, 1), pg_advisory_lock(9, 2)');
    await send('l.dead', '1');
    const first = runBatch({ query: (sql, params) => one.start(sql, params) }, living, 'l.dead', 1);
    await one.untilBlocked();
    await send('l.dead', '2');
    const second = runBatch({ query: (sql, params) => two.start(sql, params) }, living, 'l.dead', 1);
    await two.untilBlocked();
    await gate.query('select pg_advisory_unlock_all()');
    const [a, b] = await Promise.all([first, second]);
    expect([a.done + b.done, a.retried + b.retried, a.failed + b.failed]).toEqual([1, 1, 0]);
    expect((await logOf(db, 'l.dead')).map((row) => row.sqlstate).sort()).toEqual(['40P01', null]);
    expect(await db.query("select state, retried from pgrelay.events where channel = 'l.dead'")).toEqual([
      { state: 'delayed', retried: 1 },
    ]);
  });
});

test.each([false, true])(
  'events that fail are isolated by running again: each other action takes effect once, in order (singly: %s)',
  async (singly) => {
    const name = `i.progress.${singly}`;
    await db.query(`create table progress_${singly} (o integer generated always as identity, n integer)`);
    await db.query(`grant select, insert on progress_${singly} to pgrelay`);
    await db.query('select pgrelay.register_channel($1, $2)', [
      name,
      `insert into progress_${singly} (n) values ($1::integer); select 1 / ($1::integer % 7)`,
    ]);
    const payloads = Array.from({ length: 100 }, (_, i) => i + 1);
    await send(name, ...payloads.map(String));
    const fine = payloads.filter((n) => n % 7 !== 0);
    expect(await runBatch(db, living, name, 500, singly)).toMatchObject({
      done: fine.length,
      failed: 100 - fine.length,
    });
    const rows = await db.query<{ n: number }>(`select n from progress_${singly} order by o`);
    expect(rows.map((row) => row.n)).toEqual(fine);
    expect(await logOf(db, name)).toHaveLength(100);
  },
);

describe('a channel that is dropped by force', () => {
  test.each([
    [
      'while a worker locks an event and then claims it',
      'select from pgrelay.queue for update',
      'update pgrelay.queue set worker = 1',
    ],
    [
      'while a producer sends a delayed event and then one that is ready',
      "select pgrelay.notify('d.gone', p_run_at => now() + interval '1 day')",
      "select pgrelay.notify('d.other')",
    ],
    [
      'while a producer takes a dedup key and then sends its event',
      "insert into pgrelay.dedup (channel_id, key, event_id) values ((select id from pgrelay.channel where name = 'd.gone'), 'k', 1)",
      "select pgrelay.notify('d.other')",
    ],
  ])('%s: no deadlock, the one who was first goes on', async (_, first, then) => {
    await db.query(
      "select pgrelay.register_channel('d.gone'), pgrelay.register_channel('d.other'), pgrelay.notify('d.gone')",
    );
    const writer = await db.session('writer');
    const dropper = await db.session('dropper');
    await writer.query('set role pgrelay_owner');
    await writer.query('begin');
    await writer.query(first);
    const dropped = dropper.start("select pgrelay.drop_channel('d.gone', true)");
    await dropper.untilBlocked();
    await writer.query(then);
    await writer.query('commit');
    await dropped;
    expect(await db.query("select from pgrelay.channels where name = 'd.gone'")).toEqual([]);
    expect(await db.query("select from pgrelay.failed where channel = 'd.gone'")).not.toEqual([]);
    await db.query("select pgrelay.drop_channel('d.other', true)");
    await db.query("set role pgrelay_owner; delete from pgrelay.failed where channel like 'd.%'; reset role");
  });

  test('waits no longer than its lock_timeout', async () => {
    await db.query("select pgrelay.register_channel('d.open')");
    const producer = await db.session('open producer');
    await producer.query('begin');
    await producer.query("select pgrelay.notify('d.open')");
    const dropper = await db.session('impatient dropper');
    await dropper.query("set lock_timeout = '300ms'");
    await expect(dropper.query("select pgrelay.drop_channel('d.open', true)")).rejects.toMatchObject({ code: '55P03' });
    expect(await dropper.query('show lock_timeout')).toEqual([{ lock_timeout: '300ms' }]);
    await producer.query('commit');
    await dropper.query("select pgrelay.drop_channel('d.open', true)");
    expect(await dropper.query('show lock_timeout')).toEqual([{ lock_timeout: '300ms' }]);
  });
});
