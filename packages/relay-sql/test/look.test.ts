import { useDatabase } from '@pgrelay/test-support';
import { beforeAll, describe, expect, test } from 'vitest';
import { channelId, claim, runBatch, type Slot, takeSlot } from './support/slot.js';

const db = useDatabase();
let slot: Slot;

interface Look {
  readonly channels: readonly { readonly name: string }[];
  readonly rescan: string;
  readonly cand: string;
  readonly holders: readonly string[] | null;
  readonly lanes: { readonly idle: boolean } | null;
  readonly earlier: readonly string[] | null;
  readonly producers: readonly string[] | null;
  readonly next_due_ms: number | null;
  readonly dead: boolean;
  readonly expires_ms: number;
  readonly rescued: number | null;
}

async function look(asked: { last?: Look; idle?: boolean; arm?: boolean; watch?: boolean; full?: boolean } = {}) {
  const { last, idle = false, arm = false, watch = false, full = false } = asked;
  const rows = await db.query<Look & Record<string, unknown>>(
    "select channels, next_due_ms, rescan::text, cand::text, holders, lanes, earlier, producers, dead, expires_ms, rescued from pgrelay.look_v1('{}', '{}', '{}', '{}', $1, $2, $3, $4, $5, $6, false)",
    [last?.rescan ?? null, last?.cand ?? null, idle, arm, watch, full],
  );
  return rows[0] as Look;
}
const names = ({ channels }: Look) => channels.map(({ name }) => name);

beforeAll(async () => {
  await db.query("select pgrelay.register_channel('l.sql', 'select 1'), pgrelay.register_channel('l.handler')");
  slot = await takeSlot(db);
});

describe('a look', () => {
  test('names the channels with work that the Processor serves, and moves what is due', async () => {
    await db.query("select pgrelay.notify('l.sql'), pgrelay.notify('l.handler')");
    expect(names(await look())).toEqual(['l.sql']);
    await runBatch(db, slot, 'l.sql');
    expect(names(await look())).toEqual([]);
    await db.query("select pgrelay.notify('l.sql', 'x', clock_timestamp() + interval '1 hour')");
    const later = await look();
    expect(names(later)).toEqual([]);
    expect(later.next_due_ms).toBeGreaterThan(3_000_000);
    await db.query('set role pgrelay_owner; update pgrelay.delayed set run_at = clock_timestamp(); reset role');
    expect(names(await look())).toEqual(['l.sql']);
    await runBatch(db, slot, 'l.sql');
  });

  test('reads no channel while nothing has changed since nothing was there, and all of them when it is to be full', async () => {
    await db.query("select pgrelay.notify('l.sql')");
    const last = await look();
    expect(names(await look({ last, idle: true }))).toEqual([]); // what it was told is believed
    expect(names(await look({ last }))).toEqual(['l.sql']);
    expect(names(await look({ last, idle: true, full: true }))).toEqual(['l.sql']);
    await db.query("select pgrelay.notify('l.sql')");
    expect(names(await look({ last, idle: true }))).toEqual(['l.sql']); // a place was drawn
    const now = await look();
    await db.query("select nextval('pgrelay.rescan')");
    expect(names(await look({ last: now, idle: true }))).toEqual(['l.sql']); // something was put back
    await runBatch(db, slot, 'l.sql');
  });

  test('tells who may still add events only when something has changed, or when asked', async () => {
    const producer = await db.session('producer');
    await producer.query('begin');
    await producer.query("select pgrelay.notify('l.sql')");
    const first = await look();
    expect(first.holders).toHaveLength(1);
    expect((await look({ last: first })).holders).toBeNull();
    expect((await look({ last: first, watch: true })).producers).toEqual(first.holders);
    await db.query("set role pgrelay_owner; select setval('pgrelay.armed', 0); reset role");
    expect((await look({ arm: true })).earlier).toEqual(first.holders);
    expect((await look({ arm: true })).earlier).toBeNull();
    await producer.query('rollback');
  });

  test('sees a lease that is over, and a dead Processor until all its events are back', async () => {
    expect((await look()).dead).toBe(false);
    const lost = await takeSlot(db, 60_000);
    await db.query("select pgrelay.notify('l.handler')");
    await claim(db, lost, 'l.handler');
    expect((await look()).expires_ms).toBeLessThanOrEqual(60_000);
    await db.query(
      `set role pgrelay_owner; update pgrelay.instance set heartbeat_at = heartbeat_at - interval '2 minutes' where slot = ${lost.slot}; reset role`,
    );
    expect((await look()).dead).toBe(true);
    await db.query('select pgrelay.bury_v1()');
    expect((await takeSlot(db)).slot).toBe(lost.slot); // a new Processor, whose heartbeat is fresh
    expect((await look()).dead).toBe(true);
    expect(await db.query('select pgrelay.rescue_v1() > 0 as some')).toEqual([{ some: true }]);
    expect((await look()).dead).toBe(true); // whoever rescues looks once more
    expect(await db.query('select pgrelay.rescue_v1() as n')).toEqual([{ n: 0 }]);
    expect((await look()).dead).toBe(false);
  });
});

test('an action learns of its own event, and of no other, whatever it sets', async () => {
  await db.query('create table public.learnt (id bigint, asked bigint); grant insert on public.learnt to pgrelay');
  await db.query("select pgrelay.register_channel('l.other')");
  const [other] = await db.query<{ id: string }>(
    "select pgrelay.notify('l.other', p_dedup_key => 'secret')::text as id",
  );
  await db.query(
    `select pgrelay.register_channel('l.curious', $$
       insert into public.learnt select (pgrelay.current_event()).id, 0;
       select set_config('pgrelay.event', '${other?.id}', true);
       insert into public.learnt select (pgrelay.current_event()).id, ${other?.id} $$)`,
  );
  const [own] = await db.query<{ id: string }>("select pgrelay.notify('l.curious')::text as id");
  await runBatch(db, slot, 'l.curious');
  expect(await db.query('select id::text, asked::text from public.learnt order by asked')).toEqual([
    { id: own?.id, asked: '0' },
    { id: null, asked: other?.id },
  ]);
  expect(await channelId(db, 'l.curious')).toBeGreaterThan(0);
});
