import { useDatabase } from '@pgrelay/test-support';
import { beforeAll, describe, expect, test } from 'vitest';
import { claim, logOf, type Slot, settle, takeSlot } from './support/slot.js';

const db = useDatabase();
let slot: Slot;

beforeAll(async () => {
  slot = await takeSlot(db);
});

async function events(channel: string, n: number): Promise<string[]> {
  await db.query('select pgrelay.register_channel($1)', [channel]);
  return (
    await db.query<{ id: string }>("select pgrelay.notify($1, 'p' || i)::text as id from generate_series(1, $2) i", [
      channel,
      n,
    ])
  ).map((row) => row.id);
}

/** Lets the lease of a slot end. */
async function expire(dead: Slot): Promise<void> {
  await db.query('set role pgrelay_owner');
  await db.query("update pgrelay.instance set heartbeat_at = heartbeat_at - interval '1 hour' where slot = $1", [
    dead.slot,
  ]);
  await db.query('reset role');
}
const rescue = async () => {
  await db.query('select pgrelay.bury_v1()');
  return (await db.query<{ n: number }>('select pgrelay.rescue_v1() as n'))[0]?.n;
};

describe('claim and settle', () => {
  test('a claimed event is claimed by nobody else, and settled once however often it is sent', async () => {
    const ids = await events('s.once', 3);
    const other = await takeSlot(db);
    expect(await claim(db, slot, 's.once', 2)).toEqual(ids.slice(0, 2));
    expect(await claim(db, other, 's.once')).toEqual(ids.slice(2));
    expect(await settle(db, slot, ids, 'done')).toEqual(['done', 'done']);
    expect(await settle(db, slot, ids, 'done')).toEqual([]);
    expect(await settle(db, other, ids, 'done')).toEqual(['done']);
    expect(await logOf(db, 's.once')).toHaveLength(3);
  });

  test('an earlier attempt of the same Processor does not end a later one', async () => {
    const ids = await events('s.attempt', 1);
    await claim(db, slot, 's.attempt');
    expect(await settle(db, slot, ids, 'snoozed', 0)).toEqual(['snoozed']);
    await db.query('select pgrelay.promote_v1(100)');
    expect(await claim(db, slot, 's.attempt')).toEqual(ids);
    expect(await settle(db, slot, ids, 'done', null, null, [1])).toEqual([]);
    const both = await settle(db, slot, [...ids, ...ids], 'done', null, null, [1, 2]);
    expect(both).toEqual(['done']);
    expect((await logOf(db, 's.attempt')).map((row) => row.attempt)).toEqual([1, 2]);
  });

  test('race: two claims at once share the events and wait for nothing', async () => {
    const ids = await events('s.race', 10);
    const [one, two] = [await db.session('one'), await db.session('two')];
    await one.query('begin');
    const first = await claim(one, slot, 's.race', 5);
    const second = await claim(two, slot, 's.race', 10);
    await one.query('commit');
    expect([...first, ...second]).toEqual(ids);
  });

  test('every outcome goes where it belongs', async () => {
    const outcomes = ['done', 'cancelled', 'failed', 'retried', 'snoozed', 'error'];
    const ids = await events('s.outcomes', outcomes.length);
    await claim(db, slot, 's.outcomes');
    for (const [index, outcome] of outcomes.entries())
      await settle(
        db,
        slot,
        [ids[index] ?? ''],
        outcome,
        60_000,
        outcome === 'error' ? { sqlstate: '40P01', code: 'handler_error', message: 'm' } : { code: 'why' },
      );
    expect((await logOf(db, 's.outcomes')).map((row) => row.outcome).sort()).toEqual([
      'cancelled',
      'done',
      'failed',
      'retried',
      'retried',
      'snoozed',
    ]);
    expect(
      await db.query("select id::text, retried, attempt from pgrelay.events where channel = 's.outcomes' order by id"),
    ).toEqual([
      { id: ids[3], retried: 1, attempt: 1 },
      { id: ids[4], retried: 0, attempt: 1 },
      { id: ids[5], retried: 1, attempt: 1 },
    ]);
    expect(await db.query("select id::text, code from pgrelay.failed where channel = 's.outcomes'")).toEqual([
      { id: ids[2], code: 'why' },
    ]);
  });

  test('released events were no attempt', async () => {
    const ids = await events('s.release', 2);
    await claim(db, slot, 's.release');
    await db.query('select pgrelay.release_v1($1, $2, $3)', [slot.slot, slot.epoch, ids]);
    expect(await db.query("select state, attempt from pgrelay.events where channel = 's.release'")).toEqual([
      { state: 'ready', attempt: 0 },
      { state: 'ready', attempt: 0 },
    ]);
    expect(await claim(db, slot, 's.release')).toEqual(ids);
  });

  test('what this Processor holds can be read back', async () => {
    const ids = await events('s.held', 2);
    await claim(db, slot, 's.held');
    const rows = await db.query<{ id: string }>('select id::text from pgrelay.reclaim_v1($1, $2)', [
      slot.slot,
      slot.epoch,
    ]);
    expect(rows.map((row) => row.id)).toEqual(expect.arrayContaining(ids));
  });
});

describe('rescue', () => {
  test('the events of a dead Processor come back with the loss counted, and what it still sends changes nothing', async () => {
    const ids = await events('r.dead', 2);
    const dead = await takeSlot(db);
    await claim(db, dead, 'r.dead');
    expect(await rescue()).toBe(0);
    await expire(dead);
    expect(await rescue()).toBe(2);
    expect(await settle(db, dead, ids, 'done')).toEqual([]);
    await expect(claim(db, dead, 'r.dead')).rejects.toMatchObject({ code: 'PR009' });
    expect(await db.query('select pgrelay.heartbeat_v1($1, $2) as alive', [dead.slot, dead.epoch])).toEqual([
      { alive: false },
    ]);
    expect(await db.query("select state, attempt, lost from pgrelay.events where channel = 'r.dead'")).toEqual(
      Array(2).fill({ state: 'ready', attempt: 1, lost: 1 }),
    );
    expect((await logOf(db, 'r.dead')).map((row) => row.outcome)).toEqual(['lost', 'lost']);
  });

  test('a slot taken anew has another epoch, so the old holder stays out', async () => {
    const dead = await takeSlot(db);
    await expire(dead);
    await rescue();
    const [again] = await db.query<{ slot: number; epoch: string }>(
      "select slot, epoch::text from pgrelay.attach_v1('other', 2, 'test', 60000, 1, '{}')",
    );
    expect(again?.slot).toBe(dead.slot);
    expect(Number(again?.epoch)).toBe(Number(dead.epoch) + 1);
    await db.query('select pgrelay.detach_v1($1, $2)', [again?.slot, again?.epoch]);
  });

  test('an event with losses is claimed alone, and quarantined at the third', async () => {
    const [poison, innocent] = await events('r.poison', 2);
    for (const lost of [1, 2, 3]) {
      const dead = await takeSlot(db);
      expect(await claim(db, dead, 'r.poison')).toEqual(lost === 1 ? [poison, innocent] : [poison]);
      if (lost === 1) await db.query('select pgrelay.release_v1($1, $2, $3)', [dead.slot, dead.epoch, [innocent]]);
      await expire(dead);
      await rescue();
    }
    expect(
      await db.query("select id::text, reason, lost, payload from pgrelay.failed where channel = 'r.poison'"),
    ).toEqual([{ id: poison, reason: 'quarantined', lost: 3, payload: 'p1' }]);
    expect(await claim(db, slot, 'r.poison')).toEqual([innocent]);
  });

  test('at a third loss in company nobody is blamed: they come back one by one, and who is lost alone is quarantined', async () => {
    const [poison, innocent] = await events('r.company', 2);
    const together = async () => {
      const dead = await takeSlot(db);
      for (const _ of [1, 2]) await claim(db, dead, 'r.company');
      await expire(dead);
      await rescue();
      return db.query("select state, lost from pgrelay.events where channel = 'r.company' order by id");
    };
    const promote = async () => {
      await db.query('set role pgrelay_owner');
      await db.query('update pgrelay.delayed set run_at = clock_timestamp()');
      await db.query('select pgrelay.promote_v1(10)');
      await db.query('reset role');
    };
    expect(await together()).toEqual(Array(2).fill({ state: 'ready', lost: 1 }));
    expect(await together()).toEqual(Array(2).fill({ state: 'ready', lost: 2 }));
    expect(await together()).toEqual(Array(2).fill({ state: 'delayed', lost: 3 }));
    const [spread] = await db.query<{ ok: boolean }>(
      "select bool_and(run_at between clock_timestamp() - interval '1 minute' and clock_timestamp() + interval '10 s') as ok from pgrelay.events where channel = 'r.company'",
    );
    expect(spread?.ok).toBe(true);
    await promote();
    const dead = await takeSlot(db);
    expect(await claim(db, dead, 'r.company')).toHaveLength(1);
    await expire(dead);
    await rescue();
    expect(await db.query("select lost from pgrelay.failed where channel = 'r.company'")).toEqual([{ lost: 4 }]);
    expect(await claim(db, slot, 'r.company')).toHaveLength(1);
    expect([poison, innocent]).toHaveLength(2);
  });

  test('at the fifth loss an event is quarantined in company too', async () => {
    await events('r.five', 2);
    for (let lost = 1; lost <= 5; lost += 1) {
      const dead = await takeSlot(db);
      for (const _ of [1, 2]) await claim(db, dead, 'r.five');
      await expire(dead);
      await rescue();
      await db.query('set role pgrelay_owner');
      await db.query('update pgrelay.delayed set run_at = clock_timestamp()');
      await db.query('select pgrelay.promote_v1(10)');
      await db.query('reset role');
    }
    expect(await db.query("select lost from pgrelay.failed where channel = 'r.five'")).toEqual([
      { lost: 5 },
      { lost: 5 },
    ]);
  });

  test('a quarantined event leaves no dedup key behind', async () => {
    await db.query("select pgrelay.register_channel('r.key'), pgrelay.notify('r.key', p_dedup_key => 'k')");
    for (let lost = 0; lost < 3; lost += 1) {
      const dead = await takeSlot(db);
      await claim(db, dead, 'r.key');
      await expire(dead);
      await rescue();
    }
    await db.query('set role pgrelay_owner');
    expect(await db.query("select from pgrelay.failed where channel = 'r.key'")).toHaveLength(1);
    expect(await db.query("select from pgrelay.dedup where key = 'k'")).toEqual([]);
    await db.query('reset role');
  });

  test('race: a row that its dying backend still locks is left for the next rescue', async () => {
    const ids = await events('r.locked', 2);
    const dead = await takeSlot(db);
    await claim(db, dead, 'r.locked');
    const dying = await db.session('dying');
    await dying.query('begin');
    await settle(dying, dead, ids.slice(0, 1), 'done');
    await expire(dead);
    expect(await rescue()).toBe(1);
    await dying.query('rollback');
    expect(await rescue()).toBe(1);
  });

  test('the 65th Processor is refused with a list of those that hold the slots', async () => {
    await db.query(
      "select pgrelay.attach_v1('crowd', i, 'test', 60000, 1, '{}') from generate_series(1, 64 - (select count(*)::int from pgrelay.processors)) i",
    );
    await expect(takeSlot(db)).rejects.toMatchObject({ code: 'PR011', detail: expect.stringContaining('crowd pid 1') });
  });
});
