import { defineHandler } from '@pgrelay/relay-core';
import { until, useDatabase } from '@pgrelay/test-support';
import { describe, expect, test } from 'vitest';
import { Hint } from '../src/flow/hint.js';
import { outcomes, running, untilIdle } from './support/running.js';

const db = useDatabase();
/** So rare that an event which runs at all was woken by a hint. */
const pollIntervalMs = 3_600_000;
async function isArmed(): Promise<boolean | undefined> {
  await db.query('set role pgrelay_owner');
  const rows = await db.query<{ yes: boolean }>(
    'select last_value > extract(epoch from clock_timestamp()) * 1000 as yes from pgrelay.armed',
  );
  await db.query('reset role');
  return rows[0]?.yes;
}
/** Until a Processor has armed the flag; this only looks. */
const untilArmed = () => until(isArmed, 'the flag is armed');
const disarm = () => db.query("set role pgrelay_owner; select setval('pgrelay.armed', 0); reset role");
/** Counts the hints that are sent from now on. */
async function countHints() {
  const listener = await db.connect();
  let hints = 0;
  listener.on('notification', () => {
    hints += 1;
  });
  await listener.query('listen pgrelay');
  return {
    async soFar(): Promise<number> {
      await listener.query('select 1');
      return hints;
    },
  };
}
const waiting = async (channel: string) =>
  (await db.query('select from pgrelay.events where channel = $1', [channel])).length;
const arm = () => db.query('select pgrelay.arm_v1()');

describe('the wake-up', () => {
  test('an event wakes an idle Processor; nobody has to wait for the poll', async () => {
    await running(db, { pollIntervalMs, handlers: [defineHandler('h.idle', () => undefined)] });
    for (let i = 0; i < 5; i += 1) {
      await untilArmed();
      await db.query("select pgrelay.notify('h.idle')");
      await untilIdle(db, 'h.idle');
    }
    expect(await outcomes(db, 'h.idle')).toHaveLength(5);
  });

  test('race: a producer that read the flag before it was armed and commits after the Processor went idle is not missed', async () => {
    await db.query("select pgrelay.register_channel('h.early')");
    await db.query("set role pgrelay_owner; select setval('pgrelay.armed', 0); reset role");
    const producer = await db.session('producer');
    await producer.query('begin');
    await producer.query("select pgrelay.notify('h.early')");
    await running(db, { pollIntervalMs, handlers: [defineHandler('h.early', () => undefined)] });
    await untilArmed();
    await producer.query('commit');
    await untilIdle(db, 'h.early');
  });

  test('pgrelay.hint = off sends none, so a producer can PREPARE TRANSACTION; the poll finds the event', async () => {
    await db.query("select pgrelay.register_channel('h.off')");
    await arm();
    const producer = await db.session('producer');
    await producer.query('begin');
    await producer.query("select pgrelay.notify('h.off')");
    await expect(producer.query("prepare transaction 'h1'")).rejects.toMatchObject({ code: '0A000' });
    await arm();
    await producer.query("set pgrelay.hint = 'off'");
    await producer.query('begin');
    await producer.query("select pgrelay.notify('h.off')");
    await producer.query("prepare transaction 'h2'");
    await producer.query("commit prepared 'h2'");
    await running(db, { handlers: [defineHandler('h.off', () => undefined)] });
    await untilIdle(db, 'h.off');
  });

  test('with the hint off, a thousand waiting events drain after one tick', async () => {
    await db.query("select pgrelay.register_channel('h.drain', 'select 1')");
    await db.query("set pgrelay.hint = 'off'");
    await db.query("select pgrelay.notify('h.drain') from generate_series(1, 1000)");
    await running(db, { pollIntervalMs });
    await untilIdle(db, 'h.drain');
    await db.query('reset pgrelay.hint');
  });

  test('nothing is sent while nobody is idle', async () => {
    await db.query("select pgrelay.register_channel('h.busy')");
    const listener = await db.connect();
    let hints = 0;
    listener.on('notification', () => {
      hints += 1;
    });
    await listener.query('listen pgrelay');
    await db.query("set role pgrelay_owner; select setval('pgrelay.armed', 0); reset role");
    for (let i = 0; i < 20; i += 1) await db.query("select pgrelay.notify('h.busy')");
    await listener.query('select 1');
    expect(hints).toBe(0);
    await arm();
    await db.query("select pgrelay.notify('h.busy')");
    await until(async () => hints === 1, 'one hint came');
  });

  test('a producer that holds its transaction open while the Processor goes idle is heard as soon as it commits', async () => {
    await db.query("select pgrelay.register_channel('h.gate', 'select pg_advisory_xact_lock(9)')");
    const gate = await db.session('gate');
    const producer = await db.session('holding producer');
    let startedAt: number | undefined;
    await running(db, {
      pollIntervalMs,
      handlers: [
        defineHandler('h.held', () => {
          startedAt = performance.now();
        }),
      ],
    });
    for (let round = 0; round < 3; round += 1) {
      startedAt = undefined;
      await gate.query('select pg_advisory_lock(9)');
      await db.query("select pgrelay.notify('h.gate')");
      await until(
        async () =>
          (await db.query("select from pg_locks where locktype = 'advisory' and objid = 9 and not granted")).length ===
          1,
        'the Processor is busy',
      );
      await disarm();
      await producer.query('begin');
      await producer.query("select pgrelay.notify('h.held')");
      const heldSince = performance.now();
      await gate.query('select pg_advisory_unlock(9)');
      await untilArmed();
      await until(async () => performance.now() - heldSince > 300, 'it was held for 300 ms');
      const committedAt = performance.now();
      await producer.query('commit');
      await until(async () => startedAt, 'the handler starts');
      console.log(
        `held 300 ms: the handler started ${((startedAt ?? 0) - committedAt).toFixed(1)} ms after COMMIT was sent`,
      );
      await untilIdle(db, 'h.gate', 'h.held');
    }
  });

  test('with the hint off, a thousand events of a handler drain after one tick, a few at a time', async () => {
    await db.query("select pgrelay.register_channel('h.few')");
    await db.query("set pgrelay.hint = 'off'");
    await db.query("select pgrelay.notify('h.few') from generate_series(1, 1000)");
    await running(db, {
      pollIntervalMs,
      handlers: [defineHandler('h.few', { concurrency: 7 }, async () => undefined)],
    });
    await untilIdle(db, 'h.few');
    await db.query('reset pgrelay.hint');
  });
});

describe('a load that keeps every Processor busy', () => {
  test('of SQL actions sends no NOTIFY, also with more Processors than may work on the channel', async () => {
    await db.query("select pgrelay.register_channel('h.sql', 'select pg_sleep(0.01)')");
    await db.query("select pgrelay.notify('h.sql') from generate_series(1, 1500)");
    await disarm();
    for (let i = 0; i < 2; i += 1) await running(db, { pollIntervalMs, workers: 2 });
    await sendsNone('h.sql');
  });

  test('of handlers sends no NOTIFY', async () => {
    await db.query("select pgrelay.register_channel('h.busy2')");
    await db.query("select pgrelay.notify('h.busy2') from generate_series(1, 3000)");
    await disarm();
    const handler = defineHandler(
      'h.busy2',
      { concurrency: 2 },
      () => new Promise((resolve) => setTimeout(resolve, 10)),
    );
    await running(db, { pollIntervalMs, workers: 2, handlers: [handler] });
    await sendsNone('h.busy2');
  });

  /** Sends on under the load, for longer than an idle Processor leaves the flag alone. */
  async function sendsNone(channel: string): Promise<void> {
    const before = await waiting(channel);
    await until(async () => (await waiting(channel)) < before, 'they work');
    await disarm();
    const hints = await countHints();
    const since = performance.now();
    let sent = 0;
    await until(async () => {
      await db.query('select pgrelay.notify($1)', [channel]);
      sent += 1;
      return performance.now() - since > 4_000;
    }, 'producers have sent for 4 s');
    expect(await waiting(channel)).toBeGreaterThan(0);
    expect(sent).toBeGreaterThan(10);
    expect(await hints.soFar()).toBe(0);
    expect(await isArmed()).toBe(false);
    await db.query('select pgrelay.drop_channel($1, true)', [channel]);
  }
});

describe('more than 200 hints in a second', () => {
  test('and the Processor does not arm for 3 s, but looks every 20 ms', async () => {
    let now = 10_000;
    const hint = new Hint(() => now);
    for (let i = 0; i < 200; i += 1) hint.received();
    expect(hint.ask(true)).toEqual({ arm: true, watch: false });
    now += 1_500;
    for (let i = 0; i < 201; i += 1) hint.received();
    for (const at of [0, 20, 1_000, 2_999]) {
      now = 11_500 + at;
      expect(hint.isArmed()).toBe(true); // nothing is armed before it waits
      expect(hint.ask(true)).toEqual({ arm: false, watch: false });
      expect(hint.lookWithinMs()).toBe(20);
    }
    now = 14_500;
    expect(hint.isArmed()).toBe(false);
    expect(hint.ask(true)).toEqual({ arm: true, watch: false });
  });

  test('let the flag expire, and events are found all the same; later it is armed again', async () => {
    await db.query("select pgrelay.register_channel('h.rest')");
    await running(db, { pollIntervalMs, handlers: [defineHandler('h.rest', () => undefined)] });
    await untilArmed();
    await until(async () => {
      await db.query("select pg_notify('pgrelay', i::text) from generate_series(1, 300) i");
      return (await isArmed()) === false;
    }, 'the flag has expired: the Processor rests');
    await db.query("set pgrelay.hint = 'off'");
    await db.query("select pgrelay.notify('h.rest')");
    await untilIdle(db, 'h.rest');
    await db.query('reset pgrelay.hint');
    await untilArmed();
  });
});
