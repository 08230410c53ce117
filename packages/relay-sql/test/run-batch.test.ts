import { useDatabase } from '@pgrelay/test-support';
import { beforeAll, describe, expect, test } from 'vitest';
import { logOf, runBatch, type Slot, takeSlot } from './support/slot.js';

const db = useDatabase();
let slot: Slot;
const notify = (channel: string, ...payloads: string[]) =>
  db.query('select pgrelay.notify($1, p) from unnest($2::text[]) with ordinality u(p, o) order by o', [
    channel,
    payloads,
  ]);
const range = (n: number) => Array.from({ length: n }, (_, i) => String(i + 1));

beforeAll(async () => {
  slot = await takeSlot(db);
  await db.query(
    'create table done_by (channel text, n integer, primary key (channel, n)); grant insert, select, update on done_by to pgrelay',
  );
});

async function sqlChannel(name: string, sql = `insert into done_by values ('${name}', $1::integer)`, more = '') {
  await db.query(`select pgrelay.register_channel($1, $2${more})`, [name, sql]);
}
const doneBy = async (channel: string) =>
  (await db.query<{ n: number }>('select n from done_by where channel = $1 order by n', [channel])).map((row) => row.n);

describe('a batch of SQL actions', () => {
  test('runs each event exactly once, in order, and leaves one audit row each', async () => {
    await sqlChannel(
      'b.order',
      "insert into done_by select 'b.order', count(*) + 1 from done_by where channel = 'b.order' having count(*) + 1 = $1::integer",
    );
    await notify('b.order', ...range(120));
    expect(await runBatch(db, slot, 'b.order', 500)).toEqual({
      busy: false,
      limited: false,
      taken: 120,
      done: 120,
      retried: 0,
      failed: 0,
    });
    expect(await doneBy('b.order')).toEqual(range(120).map(Number));
    const log = await logOf(db, 'b.order');
    expect(log.map((row) => row.outcome)).toEqual(Array(120).fill('done'));
    expect(
      await db.query(
        "select from pgrelay.log where channel = 'b.order' and (started_at < enqueued_at or finished_at < started_at)",
      ),
    ).toEqual([]);
    expect(await db.query("select from pgrelay.events where channel = 'b.order'")).toEqual([]);
  });

  test.each([false, true])('isolates the events that fail, wherever they are (singly: %s)', async (singly) => {
    const name = `b.isolate.${singly}`;
    await sqlChannel(name);
    const payloads = range(80).map((n) => (['1', '26', '27', '80'].includes(n) ? 'not a number' : n));
    await notify(name, ...payloads);
    expect(await runBatch(db, slot, name, 500, singly)).toMatchObject({ taken: 80, done: 76, failed: 4 });
    expect(await doneBy(name)).toHaveLength(76);
    expect(
      await db.query('select payload, sqlstate, code, reason from pgrelay.failed where channel = $1 limit 1', [name]),
    ).toEqual([{ payload: 'not a number', sqlstate: '22P02', code: 'action_error', reason: 'failed' }]);
  });

  test('a deferred constraint fails the event that broke it, not the commit', async () => {
    await db.query(
      'create table parent (id integer primary key); create table child (id integer references parent deferrable initially deferred); grant all on parent, child to pgrelay; insert into parent values (1)',
    );
    await sqlChannel('b.deferred', 'insert into child values ($1::integer)');
    await notify('b.deferred', '1', '2', '1');
    expect(await runBatch(db, slot, 'b.deferred')).toMatchObject({ done: 2, failed: 1 });
    expect(
      await db.query("select payload, sqlstate, constraint_name from pgrelay.failed where channel = 'b.deferred'"),
    ).toEqual([{ payload: '2', sqlstate: '23503', constraint_name: 'child_id_fkey' }]);
  });

  test('class 40 is retried after 3, 5 and 10 s, then fails; everything else fails at once', async () => {
    await db.query(
      "create function conflict() returns void language plpgsql as $$ begin raise exception using errcode = '40001'; end $$",
    );
    await sqlChannel('b.retry', 'select conflict()');
    await notify('b.retry', 'x');
    const delays: number[] = [];
    for (let attempt = 1; attempt <= 3; attempt += 1) {
      expect(await runBatch(db, slot, 'b.retry')).toMatchObject({ retried: 1, failed: 0 });
      const rows = await db.query<{ s: number }>(
        "select round(extract(epoch from e.run_at - l.finished_at))::int as s from pgrelay.events e, lateral (select max(finished_at) as finished_at from pgrelay.log where event_id = e.id) l where e.channel = 'b.retry'",
      );
      delays.push(rows[0]?.s ?? 0);
      await db.query(
        "set role pgrelay_owner; update pgrelay.delayed set run_at = now() - interval '1 s'; reset role; select pgrelay.poll_v1('{}')",
      );
    }
    expect(delays).toEqual([3, 5, 10]);
    expect(await runBatch(db, slot, 'b.retry')).toMatchObject({ retried: 0, failed: 1 });
    expect(await logOf(db, 'b.retry')).toMatchObject([
      { outcome: 'retried', attempt: 1, code: 'action_error' },
      { outcome: 'retried', attempt: 2 },
      { outcome: 'retried', attempt: 3 },
      { outcome: 'failed', attempt: 4, code: 'retries_exhausted', sqlstate: '40001' },
    ]);
  });

  test('a rule of the channel wins over the general one', async () => {
    await sqlChannel('b.rule');
    await db.query(
      "set role pgrelay_owner; insert into pgrelay.retry_rule (channel_id, sqlstate, delays) select id, '22', array[interval '1 minute'] from pgrelay.channels where name = 'b.rule'; reset role",
    );
    await notify('b.rule', 'x');
    expect(await runBatch(db, slot, 'b.rule')).toMatchObject({ retried: 1 });
  });

  test('one batch of a channel at a time, unless it is parallel', async () => {
    await sqlChannel('b.turn');
    await sqlChannel('b.parallel', "insert into done_by values ('b.parallel', $1::integer)", ', p_parallel => true');
    await notify('b.turn', ...range(3));
    await notify('b.parallel', ...range(3));
    const [one, two] = [await db.session('one'), await db.session('two')];
    await one.query('begin');
    expect(await runBatch(one, slot, 'b.turn', 1)).toMatchObject({ done: 1 });
    expect(await runBatch(one, slot, 'b.parallel', 1)).toMatchObject({ done: 1 });
    expect(await runBatch(two, slot, 'b.turn', 1)).toMatchObject({ busy: true, taken: 0 });
    expect(await runBatch(two, slot, 'b.parallel', 1)).toMatchObject({ busy: false, done: 1 });
    await one.query('rollback');
    expect(await runBatch(two, slot, 'b.turn')).toMatchObject({ done: 3 });
    expect(await runBatch(two, slot, 'b.parallel')).toMatchObject({ done: 2 });
  });

  test('stops at a lock it cannot have: what ran stays done, the rest was no attempt, and nobody waits long', async () => {
    await db.query(
      'create table hot (id integer primary key, n integer default 0); insert into hot select generate_series(1, 60); grant select, update on hot to pgrelay',
    );
    await sqlChannel('b.hot', 'update hot set n = n + 1 where id = $1::integer');
    await notify('b.hot', ...range(60));
    const app = await db.session('app');
    await app.query('begin; update hot set n = n + 100 where id = 30');
    const first = await runBatch(db, slot, 'b.hot');
    expect(first).toMatchObject({ limited: true, taken: 60, failed: 0, retried: 0 });
    expect(first.done).toBeGreaterThan(0);
    expect(first.done).toBeLessThan(30); // how many exactly is up to the chunk that met the lock
    expect(
      await db.query("select max(attempt) as attempt, count(*)::int as n from pgrelay.events where channel = 'b.hot'"),
    ).toEqual([{ attempt: 0, n: 60 - first.done }]);
    await app.query('commit');
    expect(await runBatch(db, slot, 'b.hot')).toMatchObject({ limited: false, done: 60 - first.done });
    expect(await db.query('select sum(n)::int as n from hot')).toEqual([{ n: 160 }]);
  });

  test('a rolled-back batch leaves its events as they were', async () => {
    await sqlChannel('b.cut');
    await notify('b.cut', '1');
    const worker = await db.session('worker');
    await worker.query('begin');
    await runBatch(worker, slot, 'b.cut');
    await worker.query('rollback');
    expect(await logOf(db, 'b.cut')).toEqual([]);
    expect(await db.query("select state, attempt from pgrelay.events where channel = 'b.cut'")).toEqual([
      { state: 'ready', attempt: 0 },
    ]);
  });

  test('a slot that is no longer held runs nothing', async () => {
    await sqlChannel('b.fence');
    await notify('b.fence', '1');
    await expect(runBatch(db, { ...slot, epoch: String(Number(slot.epoch) + 1) }, 'b.fence')).rejects.toMatchObject({
      code: 'PR009',
    });
  });

  test('sequences, notices, several statements and DO blocks work in an action', async () => {
    await db.query('create sequence numbers; grant usage on sequence numbers to pgrelay');
    await sqlChannel(
      'b.many',
      "insert into done_by values ('b.many', nextval('numbers')); do $$ begin raise notice 'hello'; end $$; insert into done_by select 'b.many', 1000 + $1::integer",
    );
    await notify('b.many', '1', '2');
    expect(await runBatch(db, slot, 'b.many')).toMatchObject({ done: 2 });
    expect(await doneBy('b.many')).toEqual([1, 2, 1001, 1002]);
  });

  test('an event whose worker was lost before is taken alone, in its turn', async () => {
    await db.query("select pgrelay.register_channel('b.alone', 'select 1')");
    await db.query("select pgrelay.notify_many('b.alone', '{1,2,3,4}')");
    await db.query('set role pgrelay_owner');
    await db.query("update pgrelay.queue set lost = 1 where payload = '2'");
    await db.query('reset role');
    const alone = await takeSlot(db);
    for (const taken of [1, 1, 2]) expect(await runBatch(db, alone, 'b.alone')).toMatchObject({ taken, done: taken });
  });

  test('what the batch itself writes waits for a lock, and does not undo what has run', async () => {
    await sqlChannel('b.log');
    await notify('b.log', '1', '2');
    const blocker = await db.session('blocker');
    const runner = await db.session('runner');
    await blocker.query('begin; lock table pgrelay.log in share mode');
    const running = runBatch({ query: (sql, values) => runner.start(sql, values) }, slot, 'b.log');
    running.catch(() => undefined);
    await runner.untilBlocked();
    await blocker.query('commit');
    expect(await running).toMatchObject({ done: 2 });
  });
});
