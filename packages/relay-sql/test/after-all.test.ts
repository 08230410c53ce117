import { useDatabase } from '@pgrelay/test-support';
import { beforeEach, describe, expect, test } from 'vitest';
import { claim, runBatch, type Slot, settle, takeSlot } from './support/slot.js';

const db = useDatabase();
let slot: Slot;
let round = 0;
let part = '';
let all = '';

beforeEach(async () => {
  slot = await takeSlot(db);
  round += 1;
  part = `a.part${round}`;
  all = `a.all${round}`;
  await db.query("select pgrelay.register_channel($1), pgrelay.register_channel($2, 'select 1')", [part, all]);
});

const send = async (more = '', on: Pick<typeof db, 'query'> = db) =>
  (await on.query<{ id: string }>(`select pgrelay.notify($1, 'secret'${more})::text as id`, [part]))[0]?.id ?? '';
const after = async (ids: readonly string[], on: Pick<typeof db, 'query'> = db) =>
  (await on.query<{ id: string }>('select pgrelay.after_all($1, $2, $3)::text as id', [ids, all, 'p']))[0]?.id ?? '';
const release = async (on: Pick<typeof db, 'query'> = db) =>
  (await on.query<{ waiting: boolean }>('select pgrelay.release_waiters() as waiting'))[0]?.waiting;
const stateOf = async (id: string) => {
  await db.query('select pgrelay.promote_v1(100)');
  return (await db.query<{ state: string }>('select state from pgrelay.events where id = $1', [id]))[0]?.state;
};
const explain = (id: string) =>
  db.query<{ reason: string; evidence: string; remedy: string }>('select * from pgrelay.explain_event($1)', [id]);

describe('pgrelay.after_all', () => {
  test('runs when the last of them has ended, however it ended well, and not before', async () => {
    const [done, cancelled, later] = [await send(), await send(), await send(", now() + interval '1 hour'")];
    const id = await after([done, cancelled, later, done]);
    expect(await release()).toBe(true);
    expect(await stateOf(id)).toBe('delayed');
    await claim(db, slot, part, 1);
    await release();
    expect(await stateOf(id)).toBe('delayed');
    await settle(db, slot, [done], 'done');
    await db.query('select pgrelay.cancel($1)', [cancelled]);
    await release();
    expect(await stateOf(id)).toBe('delayed');
    await db.query('select pgrelay.snooze($1, $2)', [later, '0']);
    await db.query('select pgrelay.promote_v1(10)');
    await claim(db, slot, part);
    await settle(db, slot, [later], 'retried', 60_000);
    await release();
    expect(await stateOf(id)).toBe('delayed');
    await db.query('select pgrelay.snooze($1, $2)', [later, '0']);
    await db.query('select pgrelay.promote_v1(10)');
    await claim(db, slot, part);
    await settle(db, slot, [later], 'done');
    expect(await release()).toBe(false);
    expect(await stateOf(id)).toBe('ready');
    expect(await runBatch(db, slot, all)).toMatchObject({ done: 1 });
  });

  test('waits while one has failed, as explain_event says; its remedy, the redrive, lets it go on', async () => {
    const one = await send();
    const id = await after([one]);
    expect(await explain(id)).toMatchObject([
      {
        reason: 'awaits',
        evidence: `it waits for 1 events to end, such as ${one}`,
        remedy: expect.stringContaining('snooze'),
      },
    ]);
    await claim(db, slot, part);
    await settle(db, slot, [one], 'failed', null, { code: 'x' });
    await release();
    expect(await stateOf(id)).toBe('delayed');
    const [awaits] = await explain(id);
    expect(awaits?.evidence).toContain(`event ${one} of them failed`);
    await db.query(awaits?.remedy ?? '');
    await claim(db, slot, part);
    await settle(db, slot, [one], 'done');
    await release();
    expect(await stateOf(id)).toBe('ready');
  });

  test('of events that have all ended runs at the next look', async () => {
    const one = await send();
    await claim(db, slot, part);
    await settle(db, slot, [one], 'done');
    const id = await after([one]);
    await release();
    expect(await stateOf(id)).toBe('ready');
  });

  test('can be let run without them, or cancelled; nothing of it is left', async () => {
    const one = await send();
    const [snoozed, cancelled] = [await after([one]), await after([one])];
    await db.query((await explain(snoozed))[0]?.remedy ?? '');
    expect(await stateOf(snoozed)).toBe('ready');
    await db.query('select pgrelay.cancel($1)', [cancelled]);
    expect(await release()).toBe(false);
    await db.query('select pgrelay.cancel($1)', [one]);
  });

  test('runs without a Processor, too', async () => {
    const one = await send();
    await after([one]);
    await db.query('select pgrelay.cancel($1)', [one]);
    await db.query('call pgrelay.run()');
    expect(await db.query('select outcome from pgrelay.log where channel = $1', [all])).toEqual([{ outcome: 'done' }]);
  });

  test('waits for those of its own transaction, and for none that it cannot see', async () => {
    const [mine, other] = [await db.session('mine'), await db.session('other')];
    await mine.query('begin');
    await other.query('begin');
    const hidden = await send('', other);
    const own = await send('', mine);
    const id = await after([own], mine);
    await mine.query('savepoint s');
    await expect(after([own, hidden], mine)).rejects.toMatchObject({ code: 'PR028' });
    await mine.query('rollback to s; commit');
    await other.query('rollback');
    await release();
    expect(await stateOf(id)).toBe('delayed');
    await expect(after([])).rejects.toMatchObject({ code: 'PR004' });
    await expect(after([null as never])).rejects.toMatchObject({ code: 'PR028' });
    await db.query('select pgrelay.cancel($1), pgrelay.cancel($2)', [id, own]);
  });

  test('a look of a Processor lets it run, once a second, also when the clock is set back', async () => {
    const look = () =>
      db.query("select from pgrelay.look_v1('{}', '{}', '{}', '{}', null, null, false, false, false, false, false)");
    const ended = async (of: string) => {
      const one = await send();
      const id = await after([one]);
      await claim(db, slot, part);
      await settle(db, slot, [one], 'done');
      await db.query(
        `select setval('pgrelay.waiters_beat', (extract(epoch from clock_timestamp()) * 1000 + ${of})::bigint)`,
      );
      await look();
      return (await db.query<{ state: string }>('select state from pgrelay.events where id = $1', [id]))[0]?.state;
    };
    expect(await ended('-1500')).toBe('ready');
    expect(await ended('600000')).toBe('ready'); // it was looked ten minutes from now
    expect(await ended('0')).toBe('delayed'); // somebody has just looked
    await release();
    await runBatch(db, slot, all);
  });

  test('race: two look at once, and a person cancels: it runs once, or not at all', async () => {
    const one = await send();
    const [id, doomed] = [await after([one]), await after([one])];
    await claim(db, slot, part);
    await settle(db, slot, [one], 'done');
    const [first, person] = [await db.session('first'), await db.session('person')];
    await person.query('begin');
    await person.query('select pgrelay.cancel($1)', [doomed]);
    await first.query('begin');
    await release(first);
    await release(); // waits for nobody
    await first.query('commit');
    await person.query('commit');
    await release();
    expect(await stateOf(id)).toBe('ready');
    expect(await stateOf(doomed)).toBeUndefined();
    expect(await runBatch(db, slot, all)).toMatchObject({ done: 1 });
  });
});
