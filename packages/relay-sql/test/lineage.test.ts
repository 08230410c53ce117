import { useDatabase } from '@pgrelay/test-support';
import { beforeAll, expect, test } from 'vitest';
import { claim, logOf, runBatch, type Slot, settle, takeSlot } from './support/slot.js';

const db = useDatabase();
const trace = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
let slot: Slot;

interface Relative {
  readonly event_id: string;
  readonly parent_id: string | null;
  readonly generation: number;
  readonly channel: string;
  readonly state: string;
  readonly depth: number | null;
  readonly xid: string | null;
  readonly application_name: string | null;
  readonly traceparent: string | null;
}

beforeAll(async () => {
  slot = await takeSlot(db);
  await db.query("select pgrelay.register_channel('l.end')");
});

const lineage = (id: string) =>
  db.query<Relative>(
    'select event_id::text, parent_id::text, generation, channel, state, depth, xid, application_name, traceparent from pgrelay.lineage($1)',
    [id],
  );
const causes = async (column = 'count(*)::integer') => {
  await db.query('set role pgrelay_owner');
  const rows = await db.query<{ value: unknown }>(`select ${column} as value from pgrelay.cause`);
  await db.query('reset role');
  return rows.map(({ value }) => value);
};
const send = async (channel: string, more = '', on: Pick<typeof db, 'query'> = db) =>
  (await on.query<{ id: string }>(`select pgrelay.notify($1, 'secret'${more})::text as id`, [channel]))[0]?.id ?? '';

test('an event that nobody traces costs no row; the setting made by hand shows nothing of others', async () => {
  const id = await send('l.end');
  await db.query("select pgrelay.notify_many('l.end', '{a,b}')");
  expect(await causes()).toEqual([0]);
  expect(await lineage(id)).toMatchObject([{ event_id: id, generation: 0, state: 'ready', depth: null, xid: null }]);
  await db.query("call pgrelay.purge('l.end')");
});

test('an action’s events have it for their parent, through every generation, in its transaction', async () => {
  await db.query(
    "select pgrelay.register_channel('l.start', $$select pgrelay.notify('l.middle', $1)$$, p_check => false), pgrelay.register_channel('l.middle', $$select pgrelay.notify_many('l.end', array[$1, $1])$$, p_check => false)",
  );
  const start = await send('l.start');
  await runBatch(db, slot, 'l.start');
  await runBatch(db, slot, 'l.middle');
  const ends = await claim(db, slot, 'l.end');
  await settle(db, slot, ends.slice(0, 1), 'done');
  const family = await lineage(start);
  const middle = family[1]?.event_id ?? '';
  expect(family).toMatchObject([
    { event_id: start, parent_id: null, generation: 0, channel: 'l.start', state: 'done', depth: null },
    {
      event_id: middle,
      parent_id: start,
      generation: 1,
      channel: 'l.middle',
      state: 'done',
      depth: 1,
      application_name: 'test query',
    },
    { event_id: ends[0], parent_id: middle, generation: 2, channel: 'l.end', state: 'done', depth: 2 },
    { event_id: ends[1], parent_id: middle, generation: 2, channel: 'l.end', state: 'claimed', depth: 2 },
  ]);
  expect(family[2]?.xid).toBe(family[3]?.xid);
  expect(family[2]?.xid).not.toBe(family[1]?.xid);
  expect((await lineage(ends[1] ?? '')).map(({ event_id, generation }) => [event_id, generation])).toEqual([
    [start, -2],
    [middle, -1],
    [ends[1], 0],
  ]);
  expect(JSON.stringify(family)).not.toContain('secret');
  await settle(db, slot, ends, 'done');
});

test('an event that fails its action is no parent of anything: its children went with it', async () => {
  await db.query(
    "select pgrelay.register_channel('l.undone', $$select pgrelay.notify('l.end'); select 1 / 0$$, p_check => false)",
  );
  const id = await send('l.undone');
  const before = await causes();
  await runBatch(db, slot, 'l.undone');
  expect(await lineage(id)).toMatchObject([{ event_id: id, state: 'failed' }]);
  expect(await causes()).toEqual(before);
});

test('trace() notes transaction, application_name and traceparent of what the transaction sends after it; children inherit it', async () => {
  const shop = await db.session('shop');
  await shop.query('begin');
  const [{ xid }] = (await shop.query('select pg_current_xact_id()::text as xid')) as [{ xid: string }];
  const before = await send('l.start', '', shop);
  await shop.query('select pgrelay.trace($1)', [trace]);
  const id = await send('l.start', '', shop);
  const keyed = await send('l.start', ", p_dedup_key => 'k'", shop);
  await shop.query('commit');
  const after = await send('l.start', '', shop);
  expect(await lineage(before)).toMatchObject([{ xid: null }]);
  expect(await lineage(after)).toMatchObject([{ xid: null }]);
  for (const traced of [id, keyed])
    expect(await lineage(traced)).toMatchObject([{ xid, application_name: 'shop', traceparent: trace, depth: 0 }]);
  await runBatch(db, slot, 'l.start');
  expect((await lineage(id)).map(({ traceparent }) => traceparent)).toEqual([trace, trace]);
  expect(await db.query('select pgrelay.traceparent($1) as t', [id])).toEqual([{ t: trace }]);
  await db.query("call pgrelay.purge('l.middle')");
  for (const wrong of ['x', '00-1-2-3', `${trace} `, ''])
    await expect(db.query('select pgrelay.trace($1)', [wrong])).rejects.toMatchObject({ code: 'PR004' });
});

test('an action can read its own trace', async () => {
  await db.query('create table l_seen (t text); grant insert on l_seen to pgrelay');
  await db.query("select pgrelay.register_channel('l.reads', 'insert into l_seen values (pgrelay.traceparent())')");
  await db.query('begin');
  await db.query('select pgrelay.trace($1)', [trace]);
  await send('l.reads');
  await db.query('commit');
  await send('l.reads');
  expect(await runBatch(db, slot, 'l.reads')).toMatchObject({ done: 2 });
  expect(await db.query('select t from l_seen order by t')).toEqual([{ t: trace }, { t: null }]);
});

test('events that feed themselves at once are stopped at a depth; one for later begins a new chain', async () => {
  await db.query(
    'create table l_later (yes boolean); grant select on l_later to pgrelay; insert into l_later values (false)',
  );
  await db.query(
    `select pgrelay.register_channel('l.loop', $$select pgrelay.notify('l.loop', $1, case when (select yes from l_later) then pgrelay.clock_now() + interval '1 hour' end)$$, p_check => false)`,
  );
  await db.query("set pgrelay.max_depth = '5'");
  const id = await send('l.loop');
  for (let n = 0; n < 7; n += 1) await runBatch(db, slot, 'l.loop', 1);
  expect((await logOf(db, 'l.loop')).map(({ outcome, sqlstate }) => `${outcome} ${sqlstate}`)).toEqual([
    ...Array<string>(5).fill('done null'),
    'failed PR030',
  ]);
  expect((await lineage(id)).map(({ depth }) => depth)).toEqual([null, 1, 2, 3, 4, 5]);

  await db.query('update l_later set yes = true');
  const later = await send('l.loop');
  for (let n = 0; n < 8; n += 1) {
    await runBatch(db, slot, 'l.loop', 1);
    await db.query("select pgrelay.snooze(id, '0') from pgrelay.events where state = 'delayed'");
    await db.query('select pgrelay.promote_v1(10)');
  }
  expect((await lineage(later)).slice(0, 8).map(({ depth }) => depth)).toEqual([null, 0, 0, 0, 0, 0, 0, 0]);
  await db.query('reset pgrelay.max_depth');
  await db.query("call pgrelay.purge('l.loop')");
});

test('a circle that somebody made by hand ends', async () => {
  const [one, two] = [await send('l.end'), await send('l.end')];
  await db.query('set role pgrelay_owner');
  await db.query(
    "insert into pgrelay.cause values ($1, $2, 0, now(), '1', 'x', null, now()), ($2, $1, 0, now(), '1', 'x', null, now())",
    [one, two],
  );
  await db.query('reset role');
  expect((await lineage(one)).map(({ event_id }) => event_id)).toEqual(expect.arrayContaining([one, two]));
});

test('causes are forgotten with the log, but not of what waits', async () => {
  await db.query('begin');
  await db.query('select pgrelay.trace()');
  const [waits, ended] = [await send('l.end'), await send('l.reads')];
  await db.query('commit');
  await runBatch(db, slot, 'l.reads');
  await db.query('set role pgrelay_owner');
  await db.query("update pgrelay.cause set at = now() - interval '40 days'");
  await db.query('reset role');
  await db.query("select pgrelay.forget_causes_v1('30 days')");
  expect(await causes('event_id::text')).toContain(waits);
  expect(await causes('event_id::text')).not.toContain(ended);
});
