import { defineHandler } from '@pgrelay/relay-core';
import { until, useDatabase } from '@pgrelay/test-support';
import { beforeAll, describe, expect, test } from 'vitest';
import { outcomes, running, untilIdle } from './support/running.js';
import { channelId, WatchedMarks } from './support/watched-marks.js';

const db = useDatabase();
const asOwner = async (sql: string) => {
  await db.query(`set role pgrelay_owner; ${sql}; reset role`);
};
const watched = async (now?: () => number) => new WatchedMarks(await db.connect(), now);
const notify = async (channel: string, payload: string | null = null, priority = 0) =>
  (
    await db.query<{ id: string }>('select pgrelay.notify($1, $2, null, $3)::text as id', [channel, payload, priority])
  )[0]?.id ?? '';
const rescan = async () => {
  await db.query('set role pgrelay_owner');
  const rows = await db.query<{ drawn: number }>(
    'select case when is_called then last_value else 0 end::int as drawn from pgrelay.rescan',
  );
  await db.query('reset role');
  return rows[0]?.drawn ?? 0;
};
let slot: { slot: number; epoch: string };
const claim = async (channel: string) =>
  (
    await db.query<{ id: string }>('select id::text from pgrelay.claim_v1($1, $2, 1::smallint, $3, 100)', [
      slot.slot,
      slot.epoch,
      await channelId(db, channel),
    ])
  ).map((row) => row.id);
const release = 'select pgrelay.release_v1($1, $2, $3)';

beforeAll(async () => {
  const rows = await db.query<typeof slot>(
    "select slot, epoch::text from pgrelay.attach_v1('test', 1, 'test', 3600000, 1, '{}')",
  );
  slot = rows[0] as typeof slot;
  await asOwner(
    `create function pgrelay.test_wait() returns trigger language plpgsql as
       $$ begin if new.payload = 'slow' then perform pg_advisory_xact_lock(77); end if; return new; end $$;
     create trigger test_wait before insert on pgrelay.queue for each row execute function pgrelay.test_wait()`,
  );
});

describe('a low-water mark', () => {
  test('passes what has left the queue, and never an event that waits', async () => {
    await db.query("select pgrelay.register_channel('m.plain')");
    const mine = await watched();
    const first = await notify('m.plain');
    await mine.tick(3);
    expect(await mine.visible(db, 'm.plain')).toEqual([first]);
    await claim('m.plain');
    const second = await notify('m.plain');
    const before = await mine.low(db, 'm.plain');
    await mine.tick(3);
    expect(await mine.low(db, 'm.plain')).toBeGreaterThan(before);
    expect(await mine.visible(db, 'm.plain')).toEqual([second]);
  });

  test('race: an event whose place was drawn before its transaction had an id is not passed', async () => {
    await db.query("select pgrelay.register_channel('m.early')");
    const mine = await watched();
    const [blocker, producer] = [await db.session('blocker'), await db.session('producer')];
    const begin = async () => {
      await mine.tick(3);
      await blocker.query('select pg_advisory_lock(77)');
      const slow = producer.start<{ id: string }>("select pgrelay.notify('m.early', 'slow')::text as id");
      await producer.untilBlocked();
      const [row] = await db.query<{ xid: string | null }>(
        'select backend_xid::text as xid from pg_stat_activity where pid = $1',
        [producer.pid],
      );
      if (row?.xid === null) return { slow };
      // A sequence takes a transaction id when it logs: once in 32 values, and first after a checkpoint. Not this time.
      await blocker.query('select pg_advisory_unlock(77)');
      await slow;
      await claim('m.early');
      return undefined;
    };
    const { slow } = await until(begin, 'an event drew its place without a transaction id');
    const fast = await notify('m.early', 'fast');
    await mine.tick(4);
    await blocker.query('select pg_advisory_unlock(77)');
    const [row] = await slow;
    expect(await mine.visible(db, 'm.early')).toEqual([row?.id, fast]);
    await mine.tick(4);
    expect(await mine.visible(db, 'm.early')).toEqual([row?.id, fast]);
  });

  test('race: a prepared transaction holds the mark until it ends', async () => {
    await db.query("select pgrelay.register_channel('m.prepared')");
    const mine = await watched();
    const producer = await db.session('producer');
    await producer.query("set pgrelay.hint = 'off'");
    await producer.query('begin');
    const [prepared] = await producer.query<{ id: string }>("select pgrelay.notify('m.prepared')::text as id");
    await mine.tick();
    await producer.query("prepare transaction 'm1'");
    await producer.query('select 1');
    const after = await notify('m.prepared');
    await mine.tick(4);
    await producer.query("commit prepared 'm1'");
    expect(await mine.visible(db, 'm.prepared')).toEqual([prepared?.id, after]);
    await mine.tick(4);
    expect(await mine.visible(db, 'm.prepared')).toEqual([prepared?.id, after]);
  });

  test('race: an event given back under its old place is found, whenever its transaction began', async () => {
    await db.query("select pgrelay.register_channel('m.back')");
    const mine = await watched();
    const giver = await db.session('giver');
    for (const ticksBefore of [0, 1, 2, 3]) {
      const id = await notify('m.back');
      expect(await claim('m.back')).toEqual([id]);
      await mine.tick(ticksBefore);
      await giver.query('begin');
      await giver.query(release, [slot.slot, slot.epoch, [id]]);
      await mine.tick(4);
      await giver.query('commit');
      await mine.tick();
      expect(await mine.visible(db, 'm.back')).toEqual([id]);
      await claim('m.back');
    }
  });

  test('race: an event given back between the look and the advance is found at the next tick', async () => {
    await db.query("select pgrelay.register_channel('m.between')");
    const mine = await watched();
    const giver = await db.session('giver');
    const id = await notify('m.between');
    await claim('m.between');
    await mine.tick(2);
    await notify('m.between');
    await claim('m.between');
    mine.beforeAdvance = async () => {
      mine.beforeAdvance = async () => undefined;
      await giver.query('begin');
      await giver.query(release, [slot.slot, slot.epoch, [id]]);
    };
    await mine.tick(1);
    await giver.query('commit');
    expect(await mine.visible(db, 'm.between')).toEqual([]);
    await mine.tick();
    expect(await mine.visible(db, 'm.between')).toEqual([id]);
    await mine.tick(3);
    expect(await mine.visible(db, 'm.between')).toEqual([id]);
  });

  test('race: giving back writes first and draws rescan after, so that its lock is there before anybody sees the draw', async () => {
    await db.query("select pgrelay.register_channel('m.order')");
    const id = await notify('m.order');
    await claim('m.order');
    const [blocker, giver] = [await db.session('blocker'), await db.session('giver')];
    const before = await rescan();
    await blocker.query('begin; set local role pgrelay_owner');
    await blocker.query('select from pgrelay.queue where id = $1 for update', [id]);
    const given = giver.start(release, [slot.slot, slot.epoch, [id]]);
    await giver.untilBlocked();
    expect(await rescan()).toBe(before);
    await blocker.query('commit');
    await given;
    expect(await rescan()).toBe(before + 1);
  });

  test('the events of a dead Processor come back under their old places, and are found', async () => {
    await db.query("select pgrelay.register_channel('m.rescue')");
    const mine = await watched();
    const [dead] = await db.query<typeof slot>(
      "select slot, epoch::text from pgrelay.attach_v1('test', 1, 'test', 3600000, 1, '{}')",
    );
    const id = await notify('m.rescue');
    await db.query('select from pgrelay.claim_v1($1, $2, 1::smallint, $3, 1)', [
      dead?.slot,
      dead?.epoch,
      await channelId(db, 'm.rescue'),
    ]);
    await mine.tick(3);
    await asOwner(`update pgrelay.instance set alive = false where slot = ${dead?.slot}`);
    await db.query('select pgrelay.rescue_v1()');
    await mine.tick();
    expect(await mine.visible(db, 'm.rescue')).toEqual([id]);
  });

  test('of a paused channel does not hold those of the others', async () => {
    await db.query("select pgrelay.register_channel('m.paused'), pgrelay.register_channel('m.flowing')");
    await db.query("select pgrelay.pause_channel('m.paused')");
    const old = await notify('m.paused');
    const mine = await watched();
    await mine.tick(2);
    for (let i = 0; i < 3; i += 1) await notify('m.flowing');
    await claim('m.flowing');
    await mine.tick(3);
    expect(await mine.low(db, 'm.flowing')).toBe((await mine.low(db, 'm.paused')) + 4);
    expect(await mine.visible(db, 'm.paused')).toEqual([old]);
  });

  test('a starving priority does not hold the others of its channel, and a new one is found at once', async () => {
    await db.query("select pgrelay.register_channel('m.priority')");
    const mine = await watched();
    const late = await notify('m.priority', null, 9);
    await mine.tick(3);
    const urgent = await notify('m.priority', null, -3);
    const usual = await notify('m.priority');
    expect(await mine.visible(db, 'm.priority')).toEqual([urgent, usual, late]);
    const [starving, ...taken] = [late, urgent, usual];
    const settle = 'select pgrelay.settle_v1($1, $2, $3, $4, $5, $6, $7, $8, $9)';
    expect(await claim('m.priority')).toEqual([urgent, usual, late]);
    await db.query(settle, [
      slot.slot,
      slot.epoch,
      taken,
      [1, 1],
      ['done', 'done'],
      [null, null],
      [1, 1],
      [0, 0],
      [null, null],
    ]);
    await db.query(release, [slot.slot, slot.epoch, [starving]]);
    await mine.tick(3);
    const { priorities, lows } = mine.marks.of(await channelId(db, 'm.priority'));
    const low = (priority: number) => Number(lows[priorities.indexOf(priority)]);
    expect([low(-3) - low(9), low(0) - low(9)]).toEqual([3, 3]);
  });

  test('race: two producers use a new priority at the same time and neither waits', async () => {
    await db.query("select pgrelay.register_channel('m.both')");
    const mine = await watched();
    await mine.tick(3);
    const ids: string[] = [];
    const [one, two] = [await db.session('one'), await db.session('two')];
    for (const session of [one, two]) {
      await session.query('begin isolation level repeatable read');
      const rows = await session.query<{ id: string }>("select pgrelay.notify('m.both', null, null, 5)::text as id");
      ids.push(rows[0]?.id ?? '');
    }
    await two.query('commit');
    expect(await mine.visible(db, 'm.both')).toEqual(ids.slice(1));
    await one.query('commit');
    expect(await mine.visible(db, 'm.both')).toEqual(ids);
    await db.query('select pgrelay.find_lanes_v1()');
    expect(await mine.visible(db, 'm.both')).toEqual(ids);
    await db.query('set role pgrelay_owner');
    const lanes = await db.query('select from pgrelay.lane where priority = 5');
    await db.query('reset role');
    expect(lanes).toHaveLength(1);
  });
});

describe('the safety net', () => {
  const byHand = (id: number, channel: number, priority = 0) =>
    asOwner(
      `insert into pgrelay.queue (id, place, channel_id, priority, node, enqueued_at, run_at) overriding system value
       select ${id}, 1, ${channel}, ${priority}, n.id, now(), now() from pgrelay.node n where n.is_this`,
    );

  test('a full scan finds what was written by hand under an old place, or in a lane that nobody knows', async () => {
    await db.query("select pgrelay.register_channel('m.hand')");
    let now = 0;
    const mine = await watched(() => now);
    await notify('m.hand');
    await claim('m.hand');
    await mine.tick(3);
    await byHand(-1, await channelId(db, 'm.hand'));
    await byHand(-2, await channelId(db, 'm.hand'), 70);
    await mine.tick(3);
    expect(await mine.visible(db, 'm.hand')).toEqual([]);
    now += 60_000;
    await mine.tick();
    expect(await mine.visible(db, 'm.hand')).toEqual(['-1', '-2']);
    await claim('m.hand');
  });

  test('a tick that was under way when the connection was lost changes nothing', async () => {
    await db.query("select pgrelay.register_channel('m.lost')");
    const mine = await watched();
    await mine.tick(1);
    mine.beforeAdvance = async () => mine.marks.forget();
    await mine.tick(1);
    expect(mine.marks.all().channels).toEqual([]);
  });

  test('a Processor whose control connection is lost forgets its marks', async () => {
    const channel = 'm.control';
    await running(db, { handlers: [defineHandler(channel, () => undefined)] });
    const done = async (id: number) => (await db.query('select from pgrelay.log where event_id = $1', [id])).length > 0;
    let hidden = -100;
    await until(async () => {
      hidden -= 1;
      await byHand(hidden, await channelId(db, channel));
      const sent = await notify(channel);
      await until(async () => done(Number(sent)), 'the event after it is done');
      return !(await done(hidden));
    }, 'the marks are above a row written by hand');
    await db.query(
      "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'pgrelay control' and datname = current_database()",
    );
    await untilIdle(db, channel);
    expect((await outcomes(db, channel)).every((row) => row.outcome === 'done')).toBe(true);
  });
});
