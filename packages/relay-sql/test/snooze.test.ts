import { useDatabase } from '@pgrelay/test-support';
import { beforeAll, describe, expect, test } from 'vitest';
import { claim, logOf, runBatch, type Slot, settle, takeSlot } from './support/slot.js';

const db = useDatabase();
let slot: Slot;

beforeAll(async () => {
  slot = await takeSlot(db);
  await db.query("select pgrelay.register_channel('z.h'), pgrelay.register_channel('z.sql', 'select 1')");
});

const send = async (channel: string, more = '', on: Pick<typeof db, 'query'> = db) =>
  (await on.query<{ id: string }>(`select pgrelay.notify($1, 'p'${more})::text as id`, [channel]))[0]?.id ?? '';
const snooze = async (id: string, delay: string | null, on: Pick<typeof db, 'query'> = db) =>
  (await on.query<{ what: string }>('select pgrelay.snooze($1, $2) as what', [id, delay]))[0]?.what;
const found = async (id: string) =>
  (
    await db.query<{ state: string; minutes: number }>(
      'select state, round(extract(epoch from run_at - clock_timestamp()) / 60)::integer as minutes from pgrelay.events where id = $1',
      [id],
    )
  )[0];
const promote = () => db.query('select pgrelay.promote_v1(100)');

describe('pgrelay.snooze', () => {
  test('puts a ready event off, and a delayed one off or forward; nothing of it changes and nothing is logged', async () => {
    const id = await send('z.h', ', p_priority => 7');
    expect(await snooze(id, '1 hour')).toBe('snoozed');
    expect(await found(id)).toEqual({ state: 'delayed', minutes: 60 });
    expect(await snooze(id, '2 hours')).toBe('snoozed');
    expect(await found(id)).toEqual({ state: 'delayed', minutes: 120 });
    expect(await snooze(id, '0')).toBe('snoozed');
    await promote();
    expect(await claim(db, slot, 'z.h')).toEqual([id]);
    expect(await db.query('select payload, attempt, retried, priority from pgrelay.queue where id = $1', [id])).toEqual(
      [{ payload: 'p', attempt: 1, retried: 0, priority: 7 }],
    );
    expect(await logOf(db, 'z.h')).toEqual([]);
    await settle(db, slot, [id], 'done');
    await expect(snooze(id, '1 hour')).rejects.toMatchObject({ code: 'PR028' });
  });

  test.each(['-1 second', '11 years', 'infinity', null])('refuses to put it off by %s', async (delay) => {
    if (delay === 'infinity' && process.env.PGRELAY_TEST_PG === '15') delay = '999 years'; // 15 has no such interval
    await expect(snooze('1', delay)).rejects.toMatchObject({ code: 'PR004' });
  });

  test('brings a retry forward, which stays a retry', async () => {
    const id = await send('z.h');
    await claim(db, slot, 'z.h');
    await settle(db, slot, [id], 'retried', 3_600_000);
    expect(await snooze(id, '0')).toBe('snoozed');
    await promote();
    expect(await claim(db, slot, 'z.h')).toEqual([id]);
    expect(await db.query('select attempt, retried from pgrelay.queue where id = $1', [id])).toEqual([
      { attempt: 2, retried: 1 },
    ]);
    await settle(db, slot, [id], 'done');
  });

  test('leaves it waiting under its dedup key; a producer moves it forward', async () => {
    const id = await send('z.h', ", p_dedup_key => 'k'");
    await snooze(id, '1 hour');
    expect(await send('z.h', ", p_dedup_key => 'k'")).toBe(id);
    expect(await found(id)).toMatchObject({ minutes: 0 });
    await db.query('select pgrelay.cancel($1)', [id]);
  });

  test('race: an event that is claimed, or being claimed, runs on', async () => {
    const id = await send('z.h');
    const claimer = await db.session('claimer');
    await claimer.query('begin');
    expect(await claim(claimer, slot, 'z.h')).toEqual([id]);
    expect(await snooze(id, '1 hour')).toBe('running');
    await claimer.query('commit');
    expect(await snooze(id, '1 hour')).toBe('running');
    await settle(db, slot, [id], 'done');
  });

  test('race: an event in a batch of SQL actions runs on', async () => {
    const id = await send('z.sql');
    const worker = await db.session('worker');
    await worker.query('begin');
    await runBatch(worker, slot, 'z.sql');
    expect(await snooze(id, '1 hour')).toBe('running');
    await worker.query('rollback');
    expect(await snooze(id, '1 hour')).toBe('snoozed');
    expect(await runBatch(db, slot, 'z.sql')).toMatchObject({ taken: 0 });
    await db.query('select pgrelay.cancel($1)', [id]);
  });

  test('race: a snooze that comes first leaves nothing to claim, and undone it leaves the event', async () => {
    const id = await send('z.h');
    const first = await db.session('first');
    await first.query('begin');
    expect(await snooze(id, '1 hour', first)).toBe('snoozed');
    expect(await claim(db, slot, 'z.h')).toEqual([]);
    await first.query('rollback');
    expect(await claim(db, slot, 'z.h')).toEqual([id]);
    await settle(db, slot, [id], 'done');
  });

  test('race: an event that an open producer holds is left alone', async () => {
    const id = await send('z.h', ", p_dedup_key => 'held', p_run_at => now() + interval '1 hour'");
    const producer = await db.session('producer');
    await producer.query('begin');
    expect(await send('z.h', ", p_dedup_key => 'held', p_run_at => now() + interval '2 hours'", producer)).toBe(id);
    expect(await snooze(id, '0')).toBe('running');
    await producer.query('commit');
    expect(await snooze(id, '0')).toBe('snoozed');
    await db.query('select pgrelay.cancel($1)', [id]);
  });
});
