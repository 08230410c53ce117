import { defineHandler } from '@pgrelay/relay-core';
import { until, useDatabase } from '@pgrelay/test-support';
import { describe, expect, test } from 'vitest';
import { outcomes, running, untilIdle } from './support/running.js';

const db = useDatabase();
/** So rare that an event which runs at all was woken by a hint. */
const pollIntervalMs = 3_600_000;
/** Until a Processor has armed the flag; this only looks. */
const untilArmed = () =>
  until(async () => {
    await db.query('set role pgrelay_owner');
    const rows = await db.query<{ yes: boolean }>(
      'select last_value > extract(epoch from clock_timestamp()) * 1000 as yes from pgrelay.armed',
    );
    await db.query('reset role');
    return rows[0]?.yes;
  }, 'the flag is armed');
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
});
