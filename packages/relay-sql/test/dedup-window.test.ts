import { useDatabase } from '@pgrelay/test-support';
import { beforeAll, describe, expect, test } from 'vitest';
import { claim, runBatch, type Slot, settle, takeSlot } from './support/slot.js';

const db = useDatabase();
let slot: Slot;

/** From here on the relay's clock stands still until a test moves it. */
beforeAll(async () => {
  await db.query("create table public.test_clock as select timestamptz '2030-01-01 00:00Z' as at");
  await db.query('grant select on public.test_clock to public');
  await db.query(
    'create or replace function pgrelay.clock_now() returns timestamptz language sql volatile parallel safe as $$ select at from public.test_clock $$',
  );
  await db.query("select pgrelay.register_channel('w'), pgrelay.register_channel('w.sql', 'select 1')");
  slot = await takeSlot(db, 2_000_000_000);
});

type Asker = Pick<typeof db, 'query'>;
const pass = (interval: string) => db.query('update public.test_clock set at = at + $1::interval', [interval]);
const send = async (key: string, window: string | null = '10 min', on: Asker = db, channel = 'w') =>
  (
    await on.query<{ id: string }>(
      'select pgrelay.notify($1, $2, p_dedup_key => $2, p_dedup_window => $3)::text as id',
      [channel, key, window],
    )
  )[0]?.id ?? '';
const complete = (id: string) =>
  db.query('select pgrelay.complete_v1($1, $2, array[$3::bigint], array[1], array[5], array[0])', [
    slot.slot,
    slot.epoch,
    id,
  ]);
async function kept(key: string): Promise<boolean> {
  await db.query('set role pgrelay_owner');
  const rows = await db.query('select from pgrelay.dedup where key = $1', [key]);
  await db.query('reset role');
  return rows.length > 0;
}

describe('a dedup key with a window', () => {
  test.each(['waits', 'runs', 'done', 'settled', 'failed'])('is kept while its event %s', async (what) => {
    const id = await send(what);
    if (what !== 'waits') expect(await claim(db, slot, 'w')).toContain(id);
    if (what === 'done') await complete(id);
    if (what === 'settled') await settle(db, slot, [id], 'done');
    if (what === 'failed') await settle(db, slot, [id], 'failed', null, { code: 'x' });
    await pass('9 min');
    expect(await send(what)).toBe(id);
    expect(await send(what, null)).toBe(id);
    expect(await db.query('select from pgrelay.queue where dedup_key = $1 and id <> $2', [what, id])).toEqual([]);
    await pass('1 min'); // 10 min after the first call: later ones prolong nothing
    const next = await send(what);
    if (what === 'waits') expect(next).toBe(id);
    else expect(next).not.toBe(id);
    expect(await send(what)).toBe(next);
    await claim(db, slot, 'w');
    if (what !== 'waits') expect(await send(what)).toBe(next); // by the window of the call that took the key over
  });

  test('of a SQL channel, whose batch frees keys', async () => {
    const id = await send('s', '10 min', db, 'w.sql');
    const plain = await send('p', null, db, 'w.sql');
    expect(await runBatch(db, slot, 'w.sql')).toMatchObject({ done: 2 });
    expect([await kept('s'), await kept('p')]).toEqual([true, false]);
    expect(await send('s', null, db, 'w.sql')).toBe(id);
    expect(await send('p', null, db, 'w.sql')).not.toBe(plain);
    await runBatch(db, slot, 'w.sql');
  });

  test('is kept when its event is quarantined', async () => {
    const id = await send('q');
    await db.query('set role pgrelay_owner');
    await db.query('update pgrelay.queue set lost = 4 where id = $1', [id]);
    await db.query('reset role');
    const dying = await takeSlot(db, 1_000);
    await claim(db, dying, 'w');
    await pass('2 s');
    await db.query('select pgrelay.bury_v1()');
    await db.query('select pgrelay.rescue_v1()');
    expect(await db.query('select reason from pgrelay.failed where id = $1', [id])).toEqual([
      { reason: 'quarantined' },
    ]);
    expect(await send('q')).toBe(id);
  });

  test('of one that still waits: the call holds it and moves it forward, as without a window', async () => {
    const [row] = await db.query<{ id: string }>(
      "select pgrelay.notify('w', 'l', pgrelay.clock_now() + interval '1 hour', p_dedup_key => 'l', p_dedup_window => '2 hours')::text as id",
    );
    const writer = await db.session('writer');
    await writer.query('begin');
    expect(await send('l', null, writer)).toBe(row?.id);
    await db.query('select pgrelay.promote_v1(10)');
    expect(await claim(db, slot, 'w')).toEqual([]);
    await writer.query('commit');
    await db.query('select pgrelay.promote_v1(10)');
    expect(await claim(db, slot, 'w')).toEqual([row?.id]);
  });

  test('is free at once when its event was cancelled or erased, and when the window is over: by the next taker or the housekeeping', async () => {
    for (const end of ['select pgrelay.cancel(ID)', "call pgrelay.erase(p_key => 'c')"]) {
      const id = await send('c');
      await db.query(end.replace('ID', id));
      expect(await kept('c')).toBe(false);
    }
    const id = await send('h');
    await claim(db, slot, 'w');
    await complete(id);
    await db.query('select pgrelay.maintain_v1()');
    expect(await kept('h')).toBe(true);
    await pass('10 min');
    await db.query('select pgrelay.maintain_v1()');
    expect(await kept('h')).toBe(false);
  });

  test('notify_many: a window an event; the first of a key counts', async () => {
    const call = () =>
      db.query<{ ids: string[] }>(
        "select pgrelay.notify_many('w', array['1', '2', '3', '4'], p_dedup_key => array['m', 'n', 'm', null], p_dedup_window => array['5 min', null, '9 min', null]::interval[])::text[] as ids",
      );
    const first = (await call())[0]?.ids ?? [];
    expect(first[2]).toBe(first[0]);
    await claim(db, slot, 'w');
    for (const id of new Set(first)) await complete(id);
    await pass('4 min');
    const second = (await call())[0]?.ids ?? [];
    expect([second[0], second[2]]).toEqual([first[0], first[0]]);
    expect(first).not.toContain(second[1]);
    expect(first).not.toContain(second[3]);
    await pass('1 min');
    expect((await call())[0]?.ids[0]).not.toBe(first[0]);
    await claim(db, slot, 'w');
  });

  test.each([
    ["p_dedup_window => '1 min'"],
    ["p_dedup_key => 'k', p_dedup_window => '0'"],
    ["p_dedup_key => 'k', p_dedup_window => '-1 s'"],
    ["p_dedup_key => 'k', p_dedup_window => '400 days'"],
  ])('refuses %s', async (args) => {
    await expect(db.query(`select pgrelay.notify('w', 'x', ${args})`)).rejects.toMatchObject({ code: 'PR004' });
  });

  test('notify_many refuses the same', async () => {
    for (const args of ["p_dedup_window => '{1 min}'", "p_dedup_key => '{k}', p_dedup_window => '{0}'"])
      await expect(db.query(`select pgrelay.notify_many('w', '{x}', ${args})`)).rejects.toMatchObject({
        code: 'PR004',
      });
  });

  test('notify_many refuses an array of another length', async () => {
    await expect(
      db.query("select pgrelay.notify_many('w', '{x,y}', p_dedup_key => '{a,b}', p_dedup_window => '{1 min}')"),
    ).rejects.toMatchObject({ code: 'PR004' });
  });
});

describe('races for a key with a window', () => {
  test('a second producer waits for the first, and gets its id; when that rolls back, his own event is the one', async () => {
    const [first, second] = [await db.session('first'), await db.session('second')];
    for (const end of ['commit', 'rollback']) {
      await first.query('begin');
      const mine = await send(end, '10 min', first);
      const result = second.start<{ id: string }>(
        'select pgrelay.notify($1, null, p_dedup_key => $2, p_dedup_window => $3)::text as id',
        ['w', end, '10 min'],
      );
      await second.untilBlocked();
      await first.query(end);
      const [row] = await result;
      expect(row?.id === mine).toBe(end === 'commit');
      expect(await claim(db, slot, 'w')).toEqual([row?.id]);
      expect(await send(end)).toBe(row?.id);
    }
  });

  test('two who take a key whose window is over: one has it, and the other gets his id', async () => {
    const old = await send('over');
    await claim(db, slot, 'w');
    await complete(old);
    await pass('11 min');
    const [one, two] = [await db.session('one'), await db.session('two')];
    await one.query('begin');
    const mine = await send('over', '10 min', one);
    const result = two.start<{ id: string }>("select pgrelay.notify('w', p_dedup_key => 'over')::text as id");
    await two.untilBlocked();
    await one.query('commit');
    expect(await result).toEqual([{ id: mine }]);
    expect(mine).not.toBe(old);
    expect(await claim(db, slot, 'w')).toEqual([mine]);
  });

  test('its event ends while a producer asks: he gets its id, and inserts nothing', async () => {
    const id = await send('ends');
    await claim(db, slot, 'w');
    const ending = await db.session('ending');
    await ending.query('begin');
    await settle(ending, slot, [id], 'done');
    expect(await send('ends')).toBe(id); // waits for nobody
    await ending.query('commit');
    expect(await send('ends')).toBe(id);
    expect(await db.query("select from pgrelay.events where dedup_key = 'ends'")).toEqual([]);
  });

  test('the housekeeping frees it while a producer takes it over: the producer has it', async () => {
    const old = await send('keeping');
    await claim(db, slot, 'w');
    await complete(old);
    await pass('11 min');
    const producer = await db.session('producer');
    await producer.query('begin');
    const mine = await send('keeping', '10 min', producer);
    await db.query('select pgrelay.maintain_v1()'); // waits for nobody
    await producer.query('commit');
    expect(await send('keeping')).toBe(mine);
    expect(await claim(db, slot, 'w')).toEqual([mine]);
  });
});
