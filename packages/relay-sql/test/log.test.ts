import { useDatabase } from '@pgrelay/test-support';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { runBatch, type Slot, takeSlot } from './support/slot.js';

const db = useDatabase();
let slot: Slot;

beforeAll(async () => {
  slot = await takeSlot(db);
  await db.query("select pgrelay.register_channel('l.one', 'select 1')");
});

/** The clock of the relay, or the real one again; it goes on from there. */
async function clock(at?: string): Promise<void> {
  await db.query('set role pgrelay_owner');
  await db.query(
    `create or replace function pgrelay.clock_now() returns timestamptz language sql volatile parallel safe as $$ select ${
      at === undefined ? '' : `timestamptz '${at}' - timestamptz '${new Date().toISOString()}' + `
    }pg_catalog.clock_timestamp() $$`,
  );
  await db.query('reset role');
}

afterEach(() => clock());

const keep = async (retention: string | null = null) =>
  (await db.query<{ more: boolean }>('select pgrelay.keep_log_v1($1) as more', [retention]))[0]?.more;
const keepAll = async (retention: string | null = null) => {
  for (let n = 0; (await keep(retention)) === true && n < 100; n += 1);
};
const days = async () =>
  (
    await db.query<{ day: string }>(
      "select right(relname, 8) as day from pg_class where relnamespace = 'pgrelay'::regnamespace and relname ~ '^log_\\d{8}$' order by 1",
    )
  ).map((row) => row.day);
/** Runs an event now, and says in which partition its audit row is. */
async function end(): Promise<string> {
  await db.query("select pgrelay.notify('l.one')");
  await runBatch(db, slot, 'l.one');
  const rows = await db.query<{ place: string }>(
    'select tableoid::regclass::text as place from pgrelay.log order by event_id desc limit 1',
  );
  return rows[0]?.place ?? '';
}
const caught = async () =>
  (await db.query('select from pgrelay.get_problems() where code = $1', ['log_default_used'])).length > 0;

describe('the log', () => {
  test('has partitions ahead, whose days end at midnight UTC whatever the time zone of the session', async () => {
    await clock('2031-05-10 12:00 UTC');
    const session = await db.session('far');
    await session.query(
      "set timezone = 'Pacific/Kiritimati'; set datestyle = 'SQL, DMY'; set standard_conforming_strings = off",
    );
    await session.query('select pgrelay.keep_log_v1()');
    expect(await days()).toEqual(expect.arrayContaining(['20310510', '20310511', '20310512', '20310513']));
    expect(
      await db.query(
        "select pg_get_expr(relpartbound, oid) ~ '2031-05-13 00:00:00.00.*2031-05-14 00:00:00.00' as utc, pg_get_expr(relpartbound, oid) as bound from pg_class where relname = 'log_20310513'",
      ),
    ).toMatchObject([{ bound: expect.stringContaining('2031-05-13') }]);
    await clock('2031-05-13 23:59:50 UTC');
    expect(await end()).toBe('pgrelay.log_20310513');
    await clock('2031-05-14 00:00:00 UTC');
    expect(await end()).toBe('pgrelay.log_default');
  });

  test('what the default partition caught is a problem row, and goes into its day; nothing is lost or doubled', async () => {
    await clock('2031-06-20 10:00 UTC');
    expect(await end()).toBe('pgrelay.log_default');
    await clock('2031-06-21 10:00 UTC');
    expect(await end()).toBe('pgrelay.log_default');
    expect(await caught()).toBe(true);
    const before = await db.query('select event_id, finished_at, outcome from pgrelay.log order by 1');
    await clock('2031-06-25 00:00:01 UTC');
    await keepAll();
    expect(await caught()).toBe(false);
    expect(await db.query('select event_id, finished_at, outcome from pgrelay.log order by 1')).toEqual(before);
    expect(await days()).toEqual(expect.arrayContaining(['20310514', '20310620', '20310621', '20310628']));
    expect(await end()).toBe('pgrelay.log_20310625');
  });

  test('a day of today that the default partition has begun to catch is moved while others write', async () => {
    await clock('2031-08-01 10:00 UTC');
    await end();
    const writer = await db.session('writer');
    await writer.query('begin');
    await writer.query("select pgrelay.notify('l.one')");
    await runBatch(writer, slot, 'l.one');
    expect(await keep()).toBe(true); // the writer holds the default partition: not now, and not waited for
    expect(await days()).not.toContain('20310801');
    await writer.query('commit');
    await keepAll();
    expect(await caught()).toBe(false);
    expect(await end()).toBe('pgrelay.log_20310801');
  });

  test('retention drops whole days, one a call, and the rows of the default partition too', async () => {
    await clock('2032-01-01 10:00 UTC');
    await end();
    await keepAll();
    await clock('2032-02-15 10:00 UTC');
    await db.query('set role pgrelay_owner');
    await db.query(
      "insert into pgrelay.log_default (event_id, enqueued_at, finished_at, attempt, node, channel, outcome) select x, now(), timestamptz '2031-12-31 12:00 UTC', 1, 1, 'l.old', 'done' from generate_series(1, 10500) x",
    );
    await db.query('reset role');
    const old = (await days()).length;
    expect(await keep('30 days')).toBe(true);
    expect(await db.query("select count(*)::int as n from pgrelay.log where channel = 'l.old'")).toEqual([{ n: 500 }]);
    expect((await days()).length).toBe(old + 4 - 1);
    await keepAll('30 days');
    expect(await days()).toEqual(['20320215', '20320216', '20320217', '20320218']);
    expect(await db.query('select from pgrelay.log where finished_at < $1', ['2032-01-16 00:00 UTC'])).toEqual([]);
    await expect(keep('1 hour')).rejects.toMatchObject({ code: 'PR004' });
  });

  test('a reader that holds the log for hours puts everything off; no writer waits for it, and no row is lost', async () => {
    await clock('2033-01-01 10:00 UTC');
    await keepAll();
    await clock('2033-03-01 10:00 UTC');
    const [reader, keeper] = [await db.session('reader'), await db.session('keeper')];
    await reader.query('begin; select count(*) from pgrelay.log');
    expect(await keeper.query("select pgrelay.keep_log_v1('30 days') as more")).toEqual([{ more: true }]);
    expect(await days()).toContain('20330101');
    expect(await end()).toBe('pgrelay.log_default');
    await reader.query('rollback');
    await keepAll('30 days');
    expect(await days()).not.toContain('20330101');
    expect(await caught()).toBe(false);
    expect(await end()).toBe('pgrelay.log_20330301');
  });

  test('making a day waits for no writer and keeps none waiting', async () => {
    await clock('2034-01-01 10:00 UTC');
    await keepAll();
    await clock('2034-01-02 10:00 UTC');
    const [writer, keeper] = [await db.session('w'), await db.session('k')];
    await writer.query('begin');
    await writer.query("select pgrelay.notify('l.one')");
    await runBatch(writer, slot, 'l.one');
    await keeper.query('begin');
    await keeper.query('select pgrelay.keep_log_v1()');
    expect(await days()).toContain('20340104');
    await writer.query("select pgrelay.notify('l.one')");
    await runBatch(writer, slot, 'l.one');
    await writer.query('commit');
    await keeper.query('commit');
    expect(await days()).toContain('20340105');
  });
});
