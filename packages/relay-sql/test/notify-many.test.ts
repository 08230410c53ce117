import { useDatabase } from '@pgrelay/test-support';
import { describe, expect, test } from 'vitest';
import { claim, takeSlot } from './support/slot.js';

const db = useDatabase();
const register = (name: string, more = '') => db.query(`select pgrelay.register_channel($1${more})`, [name]);

async function notifyMany(call: string): Promise<string[]> {
  return (await db.query<{ ids: string[] }>(`select pgrelay.notify_many(${call})::text[] as ids`))[0]?.ids ?? [];
}

describe('notify_many', () => {
  test('returns the ids in the order of the payloads, and the events run in that order', async () => {
    await register('m.order');
    const payloads = Array.from({ length: 1_000 }, (_, i) => `p${i}`);
    const ids = await notifyMany(`'m.order', array[${payloads.map((p) => `'${p}'`).join(',')}]`);
    expect(new Set(ids).size).toBe(1_000);
    expect(await claim(db, await takeSlot(db), 'm.order', 1_000)).toEqual(ids);
    const rows = await db.query<{ id: string; payload: string }>(
      "select q.id::text, q.payload from pgrelay.queue q join pgrelay.channels c on c.id = q.channel_id where c.name = 'm.order' order by q.id",
    );
    expect(rows).toEqual(ids.map((id, i) => ({ id, payload: payloads[i] })));
  });

  test('sends one hint for all of them', async () => {
    await register('m.hint');
    await db.query('select pgrelay.arm_v1()');
    const listener = await db.connect();
    let hints = 0;
    listener.on('notification', () => {
      hints += 1;
    });
    await listener.query('listen pgrelay; listen fence');
    const producer = await db.session('producer');
    await producer.query('begin');
    await producer.query("select pgrelay.notify_many('m.hint', array_fill('x'::text, array[500]))");
    await producer.query('commit');
    await producer.query("select pg_notify('fence', '')");
    await listener.query('select 1');
    expect(hints).toBeLessThanOrEqual(2);
    expect(await db.query("select from pgrelay.events where channel = 'm.hint'")).toHaveLength(500);
  });

  test('each event has its own time and priority; NULL and the past mean the default', async () => {
    await register('m.each');
    const ids = await notifyMany(
      "'m.each', array['a', 'b', null, 'd'], array[now() + interval '1 hour', null, now() - interval '1 day', null], array[null, 5, -5, null]",
    );
    const rows = await db.query(
      "select id::text, state, priority from pgrelay.events where channel = 'm.each' order by id",
    );
    expect(rows).toEqual([
      { id: ids[0], state: 'delayed', priority: 0 },
      { id: ids[1], state: 'ready', priority: 5 },
      { id: ids[2], state: 'ready', priority: -5 },
      { id: ids[3], state: 'ready', priority: 0 },
    ]);
    expect(await claim(db, await takeSlot(db), 'm.each')).toEqual([ids[2], ids[3], ids[1]]);
  });

  test('a dedup key joins what waits, and within the call the first event at the earliest time', async () => {
    await register('m.dedup');
    const [waiting] = await notifyMany("'m.dedup', array['old'], array[now() + interval '1 day'], null, array['k1']");
    const ids = await notifyMany(
      "'m.dedup', array['a', 'b', 'c', 'd'], array[now() + interval '1 hour', now() + interval '2 hours', null, null], null, array['k1', 'k2', 'k2', null]",
    );
    expect(ids[0]).toBe(waiting);
    expect(ids[2]).toBe(ids[1]);
    expect(
      await db.query(
        "select id::text, state, dedup_key, run_at < now() + interval '61 minutes' as soon from pgrelay.events where channel = 'm.dedup' order by id",
      ),
    ).toEqual([
      { id: waiting, state: 'delayed', dedup_key: 'k1', soon: true },
      { id: ids[1], state: 'ready', dedup_key: 'k2', soon: true },
      { id: ids[3], state: 'ready', dedup_key: null, soon: true },
    ]);
  });

  test('race: two calls with the same keys in opposite order make one event a key, without a deadlock', async () => {
    await register('m.race');
    const [a, b, holder] = [await db.session('a'), await db.session('b'), await db.session('holder')];
    await holder.query("begin; select pgrelay.notify('m.race', 'm', p_dedup_key => 'm')");
    const calls = [a.start("select pgrelay.notify_many('m.race', '{1,2,3}', null, null, '{a,m,z}')")];
    await a.untilBlocked();
    calls.push(b.start("select pgrelay.notify_many('m.race', '{4,5,6}', null, null, '{z,m,a}')"));
    await b.untilBlocked();
    await holder.query('commit');
    await Promise.all(calls);
    expect(await db.query("select dedup_key from pgrelay.events where channel = 'm.race' order by 1")).toEqual([
      { dedup_key: 'a' },
      { dedup_key: 'm' },
      { dedup_key: 'z' },
    ]);
  });

  test('an empty array is no event; a wrong one has the errors of notify and leaves nothing', async () => {
    await register('m.bad', ', p_max_payload => 4');
    await register('m.off');
    await db.query("select pgrelay.disable_channel('m.off')");
    expect(await notifyMany("'m.bad', '{}'")).toEqual([]);
    for (const [call, code] of [
      ["'m.nowhere', '{a}'", 'PR001'],
      ["'m.off', '{a}'", 'PR002'],
      ["'m.bad', '{a,12345}'", 'PR003'],
      ["'m.bad', '{a}', null, '{40000}'", 'PR004'],
      ["'m.bad', '{a,b}', array[now()]", 'PR004'],
      ["'m.bad', '{a}', null, null, '{k,l}'", 'PR004'],
    ] as const) {
      await expect(notifyMany(call), call).rejects.toMatchObject({ code, hint: expect.any(String) });
    }
    expect(await db.query("select from pgrelay.events where channel = 'm.bad'")).toEqual([]);
  });
});
