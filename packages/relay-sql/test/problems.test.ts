import { useDatabase } from '@pgrelay/test-support';
import { beforeEach, describe, expect, test } from 'vitest';
import { claim, runBatch, takeSlot } from './support/slot.js';

const db = useDatabase();
const codes = async () =>
  (
    await db.query<{ code: string; object: string }>('select code, object from pgrelay.get_problems() order by 1, 2')
  ).map((row) => `${row.code} ${row.object}`);
const asOwner = async (sql: string) => db.query(`set role pgrelay_owner; ${sql}; reset role`);

beforeEach(async () => {
  await asOwner('delete from pgrelay.queue; delete from pgrelay.failed; update pgrelay.instance set alive = false');
});

describe('get_problems: each fault is found, and gone after the remedy', () => {
  test('no_processor', async () => {
    await db.query("select pgrelay.register_channel('p.none'), pgrelay.notify('p.none')");
    expect(await codes()).toEqual(['no_processor relay']);
    await db.query("select pgrelay.attach_v1('h', 1, 'v', 60000, 1, '{p.none}')");
    expect(await codes()).toEqual([]);
  });

  test('no_handler', async () => {
    await db.query("select pgrelay.register_channel('p.handler'), pgrelay.notify('p.handler')");
    await takeSlot(db);
    expect(await codes()).toEqual(['no_handler channel p.handler']);
    await db.query("select pgrelay.attach_v1('h', 1, 'v', 60000, 1, '{p.handler}')");
    expect(await codes()).toEqual([]);
  });

  test('channel_paused and channel_disabled', async () => {
    await db.query(
      "select pgrelay.register_channel('p.paused', 'select 1'), pgrelay.notify('p.paused'), pgrelay.pause_channel('p.paused')",
    );
    await takeSlot(db);
    expect(await codes()).toEqual(['channel_paused channel p.paused']);
    await db.query("select pgrelay.disable_channel('p.paused')");
    expect(await codes()).toEqual(['channel_disabled channel p.paused']);
    await db.query("select pgrelay.resume_channel('p.paused')");
    expect(await codes()).toEqual([]);
  });

  test('failed_events', async () => {
    await db.query(
      "select pgrelay.register_channel('p.failed', 'select $1::integer'), pgrelay.notify('p.failed', 'secret')",
    );
    await runBatch(db, await takeSlot(db), 'p.failed');
    const rows = await db.query('select * from pgrelay.get_problems()');
    expect(rows).toMatchObject([
      { code: 'failed_events', object: 'channel p.failed', evidence: expect.stringContaining('22P02') },
    ]);
    expect(JSON.stringify(rows)).not.toContain('secret');
    await db.query("delete from pgrelay.failed where channel = 'p.failed'");
    expect(await codes()).toEqual([]);
  });

  test('lease_expired', async () => {
    await db.query("select pgrelay.register_channel('p.lease')");
    await takeSlot(db);
    await asOwner("update pgrelay.instance set heartbeat_at = now() - interval '1 hour' where alive");
    expect(await codes()).toEqual([expect.stringMatching(/^lease_expired slot/)]);
    await db.query('select pgrelay.bury_v1()');
    expect(await codes()).toEqual([]);
  });

  test('unknown_node: events of another cluster wait and are shown', async () => {
    await db.query("select pgrelay.register_channel('p.node'), pgrelay.notify('p.node')");
    const [slot] = await db.query<{ slot: number; epoch: string }>(
      "select slot, epoch::text from pgrelay.attach_v1('h', 1, 'v', 60000, 1, '{p.node}')",
    );
    await asOwner('update pgrelay.queue set node = node + 1000');
    expect(await codes()).toEqual([expect.stringMatching(/^unknown_node node 10/)]);
    expect(await claim(db, { slot: slot?.slot ?? 0, epoch: slot?.epoch ?? '' }, 'p.node')).toEqual([]);
    await asOwner('update pgrelay.queue set node = node - 1000');
    expect(await codes()).toEqual([]);
    expect(await claim(db, { slot: slot?.slot ?? 0, epoch: slot?.epoch ?? '' }, 'p.node')).toHaveLength(1);
  });

  test('queue_published', async () => {
    await db.query('set role pgrelay_owner');
    const made = await db.query('create publication p_queue for table pgrelay.queue').then(
      () => true,
      (error) => (error.code === '42501' ? false : Promise.reject(error)),
    );
    await db.query('reset role');
    if (!made) {
      await db.query(
        `grant create on database ${db.name} to pgrelay_owner; set role pgrelay_owner; create publication p_queue for table pgrelay.queue; reset role`,
      );
    }
    expect(await codes()).toEqual(['queue_published publication p_queue']);
    await asOwner('drop publication p_queue');
    expect(await codes()).toEqual([]);
  });

  test('log_default_used', async () => {
    await asOwner(
      "insert into pgrelay.log (event_id, enqueued_at, finished_at, attempt, node, channel, outcome) values (1, now(), '2001-01-01', 1, 1, 'x', 'done')",
    );
    expect(await codes()).toEqual(['log_default_used pgrelay.log_default']);
    await asOwner('delete from pgrelay.log_default');
    expect(await codes()).toEqual([]);
  });
});

describe('maintain_v1', () => {
  test('keeps partitions ahead and drops those past the retention', async () => {
    const partitions = async () =>
      (
        await db.query<{ n: string }>("select relname as n from pg_class where relname ~ '^log_\\d{8}$' order by 1")
      ).map((row) => row.n);
    await db.query('select pgrelay.maintain_v1()'); // midnight may have passed since the installation
    const before = await partitions();
    expect(before.length).toBeGreaterThanOrEqual(4);
    await asOwner(
      "create table pgrelay.log_20010101 partition of pgrelay.log for values from ('2001-01-01 00:00+00') to ('2001-01-02 00:00+00')",
    );
    await db.query('select pgrelay.maintain_v1()');
    expect(await partitions()).toEqual(before);
  });
});
