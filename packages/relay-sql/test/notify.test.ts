import { useDatabase } from '@pgrelay/test-support';
import { describe, expect, test } from 'vitest';
import { claim, takeSlot } from './support/slot.js';

const db = useDatabase();
const sqlstate = (code: string) => expect.objectContaining({ code });

describe('notify', () => {
  test('an event commits with the transaction of its caller and vanishes with it', async () => {
    await db.query("select pgrelay.register_channel('n.tx')");
    const app = await db.session('app');
    await app.query('begin');
    await app.query("select pgrelay.notify('n.tx', 'kept')");
    await app.query('commit');
    await app.query('begin');
    await app.query("select pgrelay.notify('n.tx', 'gone')");
    await app.query("select pgrelay.notify('n.tx', 'gone', p_run_at => now() + interval '1 hour')");
    await app.query('rollback');
    expect(
      await db.query(
        "select payload from pgrelay.queue q join pgrelay.channels c on c.id = q.channel_id where c.name = 'n.tx'",
      ),
    ).toEqual([{ payload: 'kept' }]);
    expect(await db.query("select id from pgrelay.events where channel = 'n.tx'")).toHaveLength(1);
  });

  test('an unknown channel, a disabled one, a large payload and a wild priority each have their SQLSTATE', async () => {
    await db.query(
      "select pgrelay.register_channel('n.off'), pgrelay.disable_channel('n.off'), pgrelay.register_channel('n.small', p_max_payload => 4)",
    );
    await expect(db.query("select pgrelay.notify('n.nowhere')")).rejects.toEqual(sqlstate('PR001'));
    await expect(db.query("select pgrelay.notify('n.off')")).rejects.toEqual(sqlstate('PR002'));
    await expect(db.query("select pgrelay.notify('n.small', 'яяя')")).rejects.toEqual(sqlstate('PR003'));
    await expect(db.query("select pgrelay.notify('n.small', 'яя')")).resolves.toHaveLength(1);
    await expect(db.query("select pgrelay.notify('n.small', null, p_priority => 40000)")).rejects.toEqual(
      sqlstate('PR004'),
    );
  });

  test('a time that never comes is refused', async () => {
    await db.query("select pgrelay.register_channel('n.never')");
    await expect(db.query("select pgrelay.notify('n.never', null, 'infinity')")).rejects.toEqual(sqlstate('PR004'));
    await expect(
      db.query("select pgrelay.notify_many('n.never', array['a'], array['-infinity'::timestamptz])"),
    ).rejects.toEqual(sqlstate('PR004'));
  });

  test('a NULL payload is an event', async () => {
    await db.query("select pgrelay.register_channel('n.null')");
    await db.query("select pgrelay.notify('n.null')");
    expect(await db.query("select state from pgrelay.events where channel = 'n.null'")).toEqual([{ state: 'ready' }]);
  });

  test('a paused channel takes events and runs none; resumed, it runs them', async () => {
    await db.query(
      "select pgrelay.register_channel('n.paused'), pgrelay.pause_channel('n.paused'), pgrelay.pause_channel('n.paused')",
    );
    await db.query("select pgrelay.notify('n.paused')");
    const slot = await takeSlot(db);
    expect(await claim(db, slot, 'n.paused')).toEqual([]);
    await db.query("select pgrelay.resume_channel('n.paused')");
    expect(await claim(db, slot, 'n.paused')).toHaveLength(1);
  });

  test('lower priorities run first, and equal ones in the order in which they came', async () => {
    await db.query("select pgrelay.register_channel('n.prio')");
    const ids: Record<string, string> = {};
    for (const [name, priority] of [
      ['late', 5],
      ['first', -1],
      ['second', 0],
      ['third', 0],
    ] as const) {
      ids[name] =
        (
          await db.query<{ id: string }>("select pgrelay.notify('n.prio', $1, p_priority => $2)::text as id", [
            name,
            priority,
          ])
        )[0]?.id ?? '';
    }
    const slot = await takeSlot(db);
    const order: (string | undefined)[] = [];
    for (let i = 0; i < 4; i += 1) order.push(...(await claim(db, slot, 'n.prio', 1)));
    expect(order).toEqual([ids.first, ids.second, ids.third, ids.late]);
  });

  test('a delayed event is moved into the queue when it is due, not before', async () => {
    await db.query("select pgrelay.register_channel('n.delay')");
    await db.query(
      "select pgrelay.notify('n.delay', 'soon', now() + interval '1 hour'), pgrelay.notify('n.delay', 'later', now() + interval '1 day')",
    );
    const poll = async () =>
      (await db.query<{ channel: string | null }>("select channel from pgrelay.poll_v1('{}')")).map(
        (row) => row.channel,
      );
    expect(await poll()).not.toContain('n.delay');
    expect(await db.query("select state from pgrelay.events where channel = 'n.delay'")).toEqual([
      { state: 'delayed' },
      { state: 'delayed' },
    ]);
    await db.query('set role pgrelay_owner');
    await db.query("update pgrelay.delayed set run_at = now() - interval '1 second' where payload = 'soon'");
    await db.query('reset role');
    await poll();
    expect(
      await db.query("select state, run_at < now() as due from pgrelay.events where channel = 'n.delay' order by id"),
    ).toEqual([
      { state: 'ready', due: true },
      { state: 'delayed', due: false },
    ]);
  });
});
