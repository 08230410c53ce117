import { useDatabase } from '@pgrelay/test-support';
import { beforeAll, describe, expect, test } from 'vitest';
import { claim, runBatch, type Slot, settle, takeSlot } from './support/slot.js';

const db = useDatabase();
let slot: Slot;
const notify = (key: string, more = '') =>
  `select pgrelay.notify('d', null, p_dedup_key => '${key}'${more})::text as id`;
const waiting = async (key: string) =>
  db.query("select id::text, state from pgrelay.events where channel = 'd' and dedup_key = $1 and state <> 'claimed'", [
    key,
  ]);

beforeAll(async () => {
  await db.query("select pgrelay.register_channel('d')");
  slot = await takeSlot(db);
});

describe('a dedup key', () => {
  test('one waiting event per key; the second call returns the first one', async () => {
    const [a] = await db.query(notify('one'));
    const [b] = await db.query(notify('one'));
    expect(b).toEqual(a);
    expect(await waiting('one')).toHaveLength(1);
    expect(await db.query(notify('another'))).not.toEqual([a]);
  });

  test('is free again once its event has started', async () => {
    const [a] = await db.query<{ id: string }>(notify('started'));
    expect(await claim(db, slot, 'd')).toContain(a?.id);
    const [b] = await db.query<{ id: string }>(notify('started'));
    expect(b?.id).not.toBe(a?.id);
    expect(await waiting('started')).toHaveLength(1);
    expect(await settle(db, slot, [a?.id ?? ''], 'done')).toEqual(['done']);
    expect(await db.query(notify('started'))).toEqual([b]);
  });

  test('holds between delayed and ready: a delayed event is the waiting one, and an earlier call moves it forward', async () => {
    const [a] = await db.query(notify('later', ", p_run_at => now() + interval '1 hour'"));
    expect(await db.query(notify('later', ", p_run_at => now() + interval '2 hours'"))).toEqual([a]);
    expect(
      await db.query(
        "select run_at < now() + interval '90 minutes' as kept from pgrelay.events where dedup_key = 'later'",
      ),
    ).toEqual([{ kept: true }]);
    expect(await db.query(notify('later'))).toEqual([a]);
    expect(await db.query("select run_at <= now() as due from pgrelay.events where dedup_key = 'later'")).toEqual([
      { due: true },
    ]);
  });

  test('race: whoever was told of a waiting event holds it until his commit, so it starts after what he wrote', async () => {
    await db.query('create table d_written (n integer)');
    const [a] = await db.query<{ id: string }>(notify('held'));
    const writer = await db.session('writer');
    await writer.query('begin');
    await writer.query('insert into d_written values (1)');
    expect(await writer.query(notify('held'))).toEqual([a]);
    expect(await claim(db, slot, 'd')).not.toContain(a?.id);
    await writer.query('commit');
    expect(await claim(db, slot, 'd')).toContain(a?.id);
  });

  test('race: a second producer waits for the first; when that rolls back, his own event is the one', async () => {
    const first = await db.session('first');
    const second = await db.session('second');
    await first.query('begin');
    await first.query(notify('race'));
    const result = second.start<{ id: string }>(notify('race'));
    await second.untilBlocked();
    await first.query('rollback');
    const [mine] = await result;
    expect(await waiting('race')).toEqual([{ id: mine?.id, state: 'ready' }]);
  });

  test('race: a batch that is running the event does not make a producer wait', async () => {
    await db.query(
      'create table d_gate (n integer primary key); insert into d_gate values (1); grant select, update on d_gate to pgrelay',
    );
    await db.query("select pgrelay.register_channel('d.sql', 'select from d_gate for update')");
    const [a] = await db.query<{ id: string }>("select pgrelay.notify('d.sql', null, p_dedup_key => 'k')::text as id");
    const gate = await db.session('gate');
    await gate.query('begin');
    await gate.query('select from d_gate for update');
    const worker = await db.session('worker');
    const batch = runBatch({ query: (sql, params) => worker.start(sql, params) }, slot, 'd.sql', 1);
    await worker.untilBlocked();
    const [b] = await db.query<{ id: string }>("select pgrelay.notify('d.sql', null, p_dedup_key => 'k')::text as id");
    expect(b?.id).not.toBe(a?.id);
    await gate.query('commit');
    expect((await batch).done).toBe(1);
    expect((await runBatch(db, slot, 'd.sql', 1)).done).toBe(1);
    expect(await db.query("select from pgrelay.events where channel = 'd.sql'")).toEqual([]);
  });

  test('race: two that both move a delayed event forward do not deadlock: the second gets an event of its own', async () => {
    const far = ", p_run_at => now() + interval '1 hour'";
    const [a] = await db.query<{ id: string }>(notify('forward', far));
    const [one, two] = [await db.session('one'), await db.session('two')];
    for (const session of [one, two]) {
      await session.query('begin');
      expect(await session.query(notify('forward', far))).toEqual([a]);
    }
    // Either may come first; who is through commits, and the other goes on.
    await Promise.all(
      [one, two].map(async (session) => {
        await session.start(notify('forward'));
        await session.query('commit');
      }),
    );
    expect(await waiting('forward')).not.toEqual([]);
  });

  test('race: an overdue event that others hold is left to start; the next producer makes a new one', async () => {
    const [a] = await db.query<{ id: string }>(notify('busy'));
    await db.query('set role pgrelay_owner');
    await db.query("update pgrelay.queue set run_at = run_at - interval '1 minute' where id = $1", [a?.id]);
    await db.query('reset role');
    expect(await db.query(notify('busy'))).toEqual([a]);
    const holder = await db.session('holder');
    await holder.query('begin');
    expect(await holder.query(notify('busy'))).toEqual([a]);
    const [b] = await db.query<{ id: string }>(notify('busy'));
    expect(b?.id).not.toBe(a?.id);
    await holder.query('commit');
    expect(await claim(db, slot, 'd')).toContain(a?.id);
  });

  test('the table of keys empties as events start', async () => {
    await db.query("select pgrelay.pause_channel('d'), pgrelay.pause_channel('d.sql')");
    await db.query('set role pgrelay_owner');
    expect(
      await db.query(
        'select count(*)::int as n from pgrelay.dedup d where not exists (select from pgrelay.events e where e.id = d.event_id)',
      ),
    ).toEqual([{ n: 0 }]);
    await db.query('reset role');
  });
});
