import { until, useDatabase } from '@pgrelay/test-support';
import { beforeAll, describe, expect, test } from 'vitest';
import { claim, logOf, runBatch, type Slot, settle, takeSlot } from './support/slot.js';

const db = useDatabase();
let slot: Slot;

beforeAll(async () => {
  slot = await takeSlot(db);
  await db.query(
    "select pgrelay.register_channel('x.h'), pgrelay.register_channel('x.sql', 'select 1'), pgrelay.register_channel('x.top', array['vacuum'])",
  );
});

const send = async (channel: string, more = '') =>
  (await db.query<{ id: string }>(`select pgrelay.notify($1, 'p'${more})::text as id`, [channel]))[0]?.id ?? '';
const cancel = async (id: string, on: Pick<typeof db, 'query'> = db) =>
  (await on.query<{ what: string }>('select pgrelay.cancel($1) as what', [id]))[0]?.what;
/** Rows of a table that only the owner reads. */
const held = async (sql: string) => {
  await db.query('set role pgrelay_owner');
  return db.query(sql).finally(() => db.query('reset role'));
};
/** A session that is known as a worker of the slot. */
const enteredSession = async (name: string) => {
  const session = await db.session(name);
  await session.query("select pgrelay.enter_backend_v1($1, $2, 'worker 1')", [slot.slot, slot.epoch]);
  return session;
};
const asked = (id: string) =>
  db.query('select from pgrelay.cancellations_v1($1, $2) c where $3::bigint = any (c)', [slot.slot, slot.epoch, id]);

describe('pgrelay.cancel', () => {
  test.each([
    ['ready', ''],
    ['delayed', ", now() + interval '1 hour'"],
    ['deduplicated', ", p_dedup_key => 'k'"],
  ])('takes a %s event out, with one audit row, and frees its key', async (state, more) => {
    const id = await send('x.h', more);
    expect(await cancel(id)).toBe('cancelled');
    expect(await db.query('select from pgrelay.events where id = $1', [id])).toEqual([]);
    expect(
      await db.query(
        'select outcome, code, attempt, slot, worker, started_at, node is not null as node from pgrelay.log where event_id = $1',
        [id],
      ),
    ).toEqual([
      { outcome: 'cancelled', code: 'cancelled', attempt: 1, slot: null, worker: null, started_at: null, node: true },
    ]);
    if (state === 'deduplicated') {
      const next = await send('x.h', more);
      expect(next).not.toBe(id);
      await cancel(next);
    }
    await expect(cancel(id)).rejects.toMatchObject({ code: 'PR028', hint: expect.any(String) });
  });

  test('asks the Processor of an event that runs, which learns it until the event has ended', async () => {
    const id = await send('x.h');
    expect(await claim(db, slot, 'x.h')).toEqual([id]);
    expect(await cancel(id)).toBe('asked');
    expect(await cancel(id)).toBe('asked');
    expect(await asked(id)).toHaveLength(1);
    await settle(db, slot, [id], 'done');
    expect(await asked(id)).toEqual([]);
    await expect(cancel(id)).rejects.toMatchObject({ code: 'PR028' });
    const next = await send('x.h');
    await claim(db, slot, 'x.h');
    await cancel(next);
    await db.query('set role pgrelay_owner');
    expect(await db.query('select event_id::text from pgrelay.cancellation')).toEqual([{ event_id: next }]);
    await db.query('reset role');
    await settle(db, slot, [next], 'done');
    expect(
      (await db.query('select outcome from pgrelay.log where event_id = $1', [id])).map((row) => row.outcome),
    ).toEqual(['done']);
  });

  test('says so where nobody can be asked, and waits for nobody', async () => {
    const id = await send('x.sql');
    const stranger = await db.session('stranger');
    await stranger.query('begin');
    await runBatch(stranger, slot, 'x.sql');
    expect(await cancel(id)).toBe('running');
    await stranger.query('rollback');
    expect(await cancel(id)).toBe('cancelled');
    expect(await held('select from pgrelay.cancellation')).toEqual([]);
  });

  test('asks the Processor of a batch and of a top-level event', async () => {
    const worker = await enteredSession('worker');
    const id = await send('x.sql');
    await worker.query('begin');
    await runBatch(worker, slot, 'x.sql');
    expect(await cancel(id)).toBe('asked');
    await worker.query('commit'); // it finishes all the same
    await db.query('select pgrelay.maintain_v1()');
    expect(await held('select from pgrelay.cancellation')).toEqual([]);
    expect(await logOf(db, 'x.sql')).toContainEqual(expect.objectContaining({ event_id: id, outcome: 'done' }));
    await expect(cancel(id)).rejects.toMatchObject({ code: 'PR028' });
    const top = await send('x.top');
    await db.query(
      "select pgrelay.claim_toplevel_v1($1, $2, 1::smallint, id) from pgrelay.channels where name = 'x.top'",
      [slot.slot, slot.epoch],
    );
    expect(await cancel(top)).toBe('asked');
    expect(await asked(top)).toHaveLength(1);
    await settle(db, slot, [top], 'done');
  });

  test('an event of a SQL channel that comes back from a lost batch ends instead of running; the others run', async () => {
    await db.query('create table ran (what text); grant insert on ran to pgrelay');
    await db.query("select pgrelay.register_channel('x.back', 'insert into public.ran values ($1)')");
    const [first, second] = [await send('x.back', ", p_dedup_key => 'one'"), await send('x.back')];
    const worker = await enteredSession('lost');
    await worker.query('begin');
    await runBatch(worker, slot, 'x.back');
    expect(await cancel(first)).toBe('asked');
    await db.query('select pg_terminate_backend($1)', [worker.pid]);
    await until(async () => (await runBatch(db, slot, 'x.back')).taken > 0, 'its turn is free');
    expect(await runBatch(db, slot, 'x.back')).toMatchObject({ taken: 1, done: 1 });
    expect(await logOf(db, 'x.back')).toMatchObject([
      { event_id: first, outcome: 'cancelled', attempt: 1, code: 'cancelled' },
      { event_id: second, outcome: 'done' },
    ]);
    expect(await held('select from pgrelay.cancellation')).toEqual([]);
    expect(await held('select from pgrelay.dedup')).toEqual([]);
    expect(await db.query('select from ran')).toHaveLength(1);
  });

  test('race: a claim that comes first keeps its event, and whoever claims is asked', async () => {
    const id = await send('x.h');
    const [claimer, canceller] = [await enteredSession('claimer'), await db.session('canceller')];
    await claimer.query('begin');
    await claim(claimer, slot, 'x.h');
    expect(await cancel(id, canceller)).toBe('asked');
    await claimer.query('commit');
    expect(await asked(id)).toHaveLength(1);
    await settle(db, slot, [id], 'cancelled', null, { code: 'cancelled' });
    expect(await logOf(db, 'x.h')).toContainEqual(
      expect.objectContaining({ event_id: id, outcome: 'cancelled', attempt: 1 }),
    );
  });

  test('race: a cancellation that comes first leaves nothing to claim, and undone it leaves the event', async () => {
    const id = await send('x.h');
    const canceller = await db.session('first');
    await canceller.query('begin');
    expect(await cancel(id, canceller)).toBe('cancelled');
    expect(await claim(db, slot, 'x.h')).toEqual([]);
    await canceller.query('rollback');
    expect(await claim(db, slot, 'x.h')).toEqual([id]);
    await settle(db, slot, [id], 'done');
  });
});

test('a channel dropped by force leaves an audit row for the attempt that ran', async () => {
  await db.query("select pgrelay.register_channel('x.drop')");
  const id = await send('x.drop');
  await claim(db, slot, 'x.drop');
  const waits = await send('x.drop');
  await db.query("select pgrelay.drop_channel('x.drop', p_force => true)");
  expect(
    await db.query(
      'select event_id::text, outcome, code, attempt, slot, worker, started_at is not null as started from pgrelay.log where channel = $1',
      ['x.drop'],
    ),
  ).toEqual([
    {
      event_id: id,
      outcome: 'failed',
      code: 'channel_dropped',
      attempt: 1,
      slot: slot.slot,
      worker: 1,
      started: true,
    },
  ]);
  expect(await db.query('select id::text from pgrelay.failed where channel = $1 order by id', ['x.drop'])).toEqual([
    { id },
    { id: waits },
  ]);
});
