import { useDatabase } from '@pgrelay/test-support';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { claim, logOf, runBatch, type Slot, settle, takeSlot } from './support/slot.js';

const db = useDatabase();
const asOwner = (sql: string) => db.query(`set role pgrelay_owner; ${sql}; reset role`);
let slot: Slot;

beforeAll(async () => {
  slot = await takeSlot(db);
  await db.query(
    "select pgrelay.register_channel('p.h'), pgrelay.register_channel('p.other'), pgrelay.register_channel('p.bad', 'select $1::integer')",
  );
});
beforeEach(async () => {
  await asOwner(
    'delete from pgrelay.queue; delete from pgrelay.delayed; delete from pgrelay.failed; delete from pgrelay.dedup; delete from pgrelay.log; delete from pgrelay.effect',
  );
});

const send = async (channel: string, more = '') =>
  (await db.query<{ id: string }>(`select pgrelay.notify($1, 'secret'${more})::text as id`, [channel]))[0]?.id ?? '';
const fail = async () => {
  const id = await send('p.bad');
  await runBatch(db, slot, 'p.bad');
  return id;
};
const purge = async (args: string) =>
  (await db.query<{ p_events: string }>(`call pgrelay.purge(${args})`))[0]?.p_events;
const erase = async (args: string) => (await db.query(`call pgrelay.erase(${args})`))[0];
const left = async () => {
  const rows = await db.query<{ id: string }>(
    'select id::text from pgrelay.events union select id::text from pgrelay.failed order by 1',
  );
  return rows.map(({ id }) => id).sort((a, b) => Number(a) - Number(b));
};
const later = ", now() + interval '1 hour'";

describe('pgrelay.purge', () => {
  test('by channel: ready, delayed and failed ones, in batches, with an audit row for what waited', async () => {
    const ids = [await send('p.h'), await send('p.h', later), await send('p.h', ", p_dedup_key => 'k'")];
    const other = await send('p.other');
    expect(await purge("'p.h', p_batch => 1")).toBe('3');
    expect(await left()).toEqual([other]);
    expect(await logOf(db, 'p.h')).toEqual(
      expect.arrayContaining(
        ids.map((id) => ({ event_id: id, outcome: 'cancelled', attempt: 1, sqlstate: null, code: 'purged' })),
      ),
    );
    expect(await logOf(db, 'p.h')).toHaveLength(3);
    expect(await send('p.h', ", p_dedup_key => 'k'")).not.toBe(ids[2]);
    const failed = await fail();
    expect(await left()).toContain(failed);
    expect(await purge("'p.bad'")).toBe('1');
    expect(await left()).not.toContain(failed);
    expect(await logOf(db, 'p.bad')).toMatchObject([{ event_id: failed, outcome: 'failed' }]);
  });

  test('by key, by age and by stage: all that is given must hold', async () => {
    const keyed = await send('p.h', ", p_dedup_key => 'k'");
    const elsewhere = await send('p.other', ", p_dedup_key => 'k'");
    const delayed = await send('p.h', later);
    expect(await purge("'p.h', 'k'")).toBe('1');
    expect(await left()).toEqual([elsewhere, delayed]);
    expect(await purge("p_older_than => '1 hour'")).toBe('0');
    await asOwner("update pgrelay.queue set enqueued_at = now() - interval '2 hours'");
    expect(await purge("p_older_than => '1 hour'")).toBe('1');
    expect(await purge("'p.h', p_stages => '{ready,failed}'")).toBe('0');
    expect(await left()).toEqual([delayed]);
    expect(keyed).not.toBe('');
  });

  test('leaves what runs, and what somebody holds, and waits for nobody', async () => {
    const running = await send('p.h');
    expect(await claim(db, slot, 'p.h')).toEqual([running]);
    const held = await send('p.h', ", p_dedup_key => 'held'");
    const producer = await db.session('producer');
    await producer.query('begin');
    await producer.query("select pgrelay.notify('p.h', p_dedup_key => 'held')");
    const free = await send('p.h');
    expect(await purge("'p.h'")).toBe('1');
    expect(await left()).toEqual([running, held]);
    expect(free).not.toBe('');
    await producer.query('commit');
    await settle(db, slot, [running], 'done');
    expect(await purge("'p.h'")).toBe('1');
  });

  test('commits after each batch: what is done before an error stays done', async () => {
    for (let n = 0; n < 3; n += 1) await send('p.h');
    await asOwner(
      `create function pgrelay.stop_third() returns trigger language plpgsql as $$ begin
         if (select count(*) from pgrelay.queue) = 0 then raise exception 'stop'; end if; return null; end $$;
       create trigger stop_third after delete on pgrelay.queue for each statement execute function pgrelay.stop_third()`,
    );
    await expect(purge("'p.h', p_batch => 1")).rejects.toThrow('stop');
    await asOwner('drop trigger stop_third on pgrelay.queue; drop function pgrelay.stop_third()');
    expect(await left()).toHaveLength(1);
    expect(await logOf(db, 'p.h')).toHaveLength(2);
  });

  test.each([
    ['', 'PR004'],
    ["'p.h', p_batch => 0", 'PR004'],
    ["p_older_than => '-1 s'", 'PR004'],
    ["'p.h', p_stages => '{claimed}'", 'PR004'],
    ["'p.none'", 'PR001'],
  ])('refuses (%s)', async (args, code) => {
    await expect(purge(args)).rejects.toMatchObject({ code });
  });

  test('refuses a transaction block before anything is done', async () => {
    await send('p.h');
    const client = await db.connect();
    await client.query('begin');
    await expect(client.query("call pgrelay.purge('p.h')")).rejects.toMatchObject({ code: '2D000' });
    await client.query('rollback');
    expect(await left()).toHaveLength(1);
  });

  test('is for pgrelay_admin, with nothing in the way of its search_path', async () => {
    await send('p.h');
    const admin = await db.connect(await db.login('pgrelay_admin'));
    await admin.query('set search_path = nowhere');
    expect((await admin.query("call pgrelay.purge('p.h')")).rows).toEqual([{ p_events: '1' }]);
    const viewer = await db.connect(await db.login('pgrelay_viewer'));
    await expect(viewer.query("call pgrelay.purge('p.h')")).rejects.toMatchObject({ code: '42501' });
  });
});

describe('pgrelay.erase', () => {
  const data = () =>
    db.query(
      `select x.what from (select 'payload' as what from pgrelay.queue where payload is not null or dedup_key is not null
         union all select 'payload' from pgrelay.delayed where payload is not null or dedup_key is not null
         union all select 'failed' from pgrelay.failed union all select 'effect' from pgrelay.effect
         union all select 'key' from pgrelay.dedup union all select 'note' from pgrelay.progress) x`,
    );
  const dataAsOwner = async () => {
    await db.query('set role pgrelay_owner');
    try {
      return (await data()).map(({ what }) => what);
    } finally {
      await db.query('reset role');
    }
  };

  test('by key: payloads, keys, failures and effects are gone, the audit stays', async () => {
    const waits = await send('p.h', ", p_dedup_key => 'customer 42'");
    const comes = await send('p.other', `${later}, null, 'customer 42'`);
    const retried = await send('p.h');
    await asOwner(`update pgrelay.queue set dedup_key = 'customer 42' where id = ${retried};
      insert into pgrelay.effect values (${retried}, 'mail', '"secret"', now())`);
    expect(await erase("p_key => 'customer 42'")).toEqual({ p_events: '3', p_running: '0' });
    expect(await dataAsOwner()).toEqual([]);
    for (const id of [waits, comes, retried])
      expect(await db.query('select outcome, code from pgrelay.log where event_id = $1', [id])).toEqual([
        { outcome: 'cancelled', code: 'erased' },
      ]);
  });

  test('asks what runs to stop, and says that it is still there', async () => {
    const id = await send('p.h', ", p_dedup_key => 'customer 43'");
    await claim(db, slot, 'p.h');
    await db.query('select pgrelay.note_progress_v1($1, $2, $3, 1, 0.5, $4)', [slot.slot, slot.epoch, id, 'note']);
    expect(await erase("p_key => 'customer 43'")).toEqual({ p_events: '0', p_running: '1' });
    await db.query("select pgrelay.record_effect_v1($1, 'x', '1')", [id]);
    expect(await erase(id)).toEqual({ p_events: '0', p_running: '1' });
    expect(await dataAsOwner()).toContain('effect'); // its retry must not make it again
    expect(await db.query('select pgrelay.cancellations_v1($1, $2) as ids', [slot.slot, slot.epoch])).toEqual([
      { ids: [id] },
    ]);
    await settle(db, slot, [id], 'cancelled');
    expect(await erase(id)).toEqual({ p_events: '0', p_running: '0' });
    await db.query('select pgrelay.maintain_v1()');
    expect(await dataAsOwner()).toEqual([]);
  });

  test('by id and by channel: also the effects of what has ended, but of nothing that may run again', async () => {
    const [one, two, waits] = [await send('p.h'), await send('p.h'), await send('p.other')];
    await claim(db, slot, 'p.h');
    for (const id of [one, two, waits]) await db.query("select pgrelay.record_effect_v1($1, 'x', '1')", [id]);
    await settle(db, slot, [one, two], 'done');
    expect(await erase(`${one}`)).toEqual({ p_events: '0', p_running: '0' });
    expect(await dataAsOwner()).toEqual(['payload', 'effect', 'effect']);
    expect(await erase("p_channel => 'p.h', p_batch => 1")).toEqual({ p_events: '0', p_running: '0' });
    expect(await dataAsOwner()).toEqual(['payload', 'effect']);
    expect(await db.query('select outcome from pgrelay.log where event_id = $1', [one])).toEqual([{ outcome: 'done' }]);
    expect(await erase(`${waits}`)).toEqual({ p_events: '1', p_running: '0' });
    expect(await dataAsOwner()).toEqual([]);
  });

  test('refuses to erase everything', async () => {
    await expect(erase('')).rejects.toMatchObject({ code: 'PR004' });
  });
});

test('failed events are forgotten after their retention, with their effects, a batch a call', async () => {
  const ids = [await fail(), await fail(), await fail()];
  await asOwner(
    `update pgrelay.failed set failed_at = now() - interval '40 days' where id <> ${ids[2]}; insert into pgrelay.effect values (${ids[0]}, 'x', null, now())`,
  );
  const forget = () => db.query("select pgrelay.forget_failed_v1('30 days', 1) as more");
  expect(await forget()).toEqual([{ more: true }]);
  expect(await forget()).toEqual([{ more: true }]);
  expect(await forget()).toEqual([{ more: false }]);
  expect(await left()).toEqual([ids[2]]);
  expect(await logOf(db, 'p.bad')).toHaveLength(3);
  await expect(db.query('select pgrelay.forget_failed_v1(null)')).rejects.toMatchObject({ code: 'PR004' });
});

test('race: a failed event that is being redriven is not purged', async () => {
  const id = await fail();
  const person = await db.session('person');
  await person.query('begin');
  await person.query('select pgrelay.redrive($1)', [id]);
  expect(await purge("'p.bad'")).toBe('0');
  await person.query('commit');
  expect(await left()).toEqual([id]);
});
