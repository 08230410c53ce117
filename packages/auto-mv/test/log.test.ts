import { useDatabase } from '@pgrelay/test-support';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { declareChannel, refresh } from './support/refresh.js';
import { addView, openShop, type Shop, watch } from './support/shop.js';
import { VirtualClock } from './support/virtual-clock.js';

const db = useDatabase();
let clock: VirtualClock;
let shop: Shop;

beforeAll(async () => {
  await declareChannel(db);
  clock = await VirtualClock.install(db);
});
beforeEach(async () => {
  shop = await openShop(db);
});

const plan = () => db.query('select pgauto_mv.plan_v1()');
const order = (values = "(1, '2024-01-01')") => db.query(`insert into ${shop.orders} (amount, day) values ${values}`);

async function lastAttempt(mvId: string): Promise<Record<string, unknown> | undefined> {
  const rows = await db.query(
    `select source, outcome, extract(epoch from duration)::float8 as duration, extract(epoch from lag)::float8 as lag,
       rows_inserted::int as inserted, rows_deleted::int as deleted
     from pgauto_mv.log where mv_id = $1 and kind = 'attempt' order by id desc limit 1`,
    [mvId],
  );
  return rows[0];
}

describe('an attempt', () => {
  test('has how long it took, and how long the first change it served had been seen', async () => {
    const id = await watch(db, shop, 'INSERT', ', p_refresh_lag => 60');
    const client = await db.connect();
    await refresh(client, id, 'first', null);
    await plan();
    await order();
    await clock.advance(100); // nobody has seen it yet
    await plan();
    await clock.advance(4);
    await order();
    await plan();
    await clock.advance(60);
    const refresher = await db.session('refresher');
    const [claim] = await refresher.query<{ epoch: string }>(
      "select epoch from pgauto_mv.begin_refresh_v1($1, 'trigger', null, '1 h')",
      [id],
    );
    await refresher.query('begin isolation level repeatable read');
    await refresher.query("select pgauto_mv.enter_refresh_v1($1, $2, '1 h', '1 s', '1 s')", [id, claim?.epoch]);
    await refresher.query(`refresh materialized view concurrently ${shop.view}`);
    await clock.advance(7);
    await order(); // seen during the refresh, which does not serve it
    await plan();
    await clock.advance(2);
    await refresher.query("select pgauto_mv.finish_refresh_v1($1, $2, 'trigger', 'concurrently', null)", [
      id,
      claim?.epoch,
    ]);
    await refresher.query('commit');
    expect(await lastAttempt(id)).toMatchObject({ source: 'trigger', outcome: 'done', duration: 9, lag: 73 });
    await clock.advance(5);
    expect(await refresh(client, id)).toMatchObject({ kind: 'done' }); // before the planner looked again
    expect(await lastAttempt(id)).toMatchObject({ source: 'now', lag: 7 });
    await refresh(client, id);
    expect(await lastAttempt(id)).toMatchObject({ lag: null });
  });

  test('CONCURRENTLY has how many rows it changed, however fast one follows another', async () => {
    const id = await watch(db, shop, 'INSERT');
    const client = await db.connect();
    await order("(1, '2024-01-01'), (1, '2024-01-02'), (1, '2024-01-03')");
    await refresh(client, id);
    expect(await lastAttempt(id)).toMatchObject({ inserted: 3, deleted: 0 });
    await order("(1, '2024-01-03'), (1, '2024-01-04')");
    await refresh(client, id);
    expect(await lastAttempt(id)).toMatchObject({ inserted: 2, deleted: 1 }); // one is new, one is another now
    await db.query(`delete from ${shop.orders} where day = '2024-01-01'`);
    await refresh(client, id);
    expect(await lastAttempt(id)).toMatchObject({ inserted: 0, deleted: 1 });
    await refresh(client, id);
    expect(await lastAttempt(id)).toMatchObject({ inserted: 0, deleted: 0 });
  });

  test('has no such number when it was plain', async () => {
    await addView(db, shop, 'counted');
    const counted = await watch(db, shop, 'INSERT', '', 'counted');
    await refresh(await db.connect(), counted);
    expect(await lastAttempt(counted)).toMatchObject({ inserted: null, deleted: null });
  });
});

describe('a firing', () => {
  test('is one per transaction and watch, with the operation, the role and the application', async () => {
    const id = await watch(db, shop, 'INSERT,UPDATE');
    const login = await db.login();
    await db.query(`grant usage on schema ${shop.schema} to ${login.user}`);
    await db.query(`grant select, insert, update on ${shop.orders} to ${login.user}`);
    await db.query(`grant ${login.user} to current_user`);
    const client = await db.connect(login);
    await client.query("set application_name = 'till 7'");
    await client.query('begin');
    for (let i = 0; i < 3; i++) await client.query(`insert into ${shop.orders} (amount) values (1)`);
    await client.query(`update ${shop.orders} set amount = 2`);
    await client.query('commit');
    const other = await db.session('back office');
    await other.query(`set role ${login.user}`);
    await other.query(`insert into ${shop.orders} (amount) values (1)`);
    await refresh(await db.connect(), id);
    await db.query("select pgauto_mv.collect_v1('10 years', '10 years')");
    expect(
      await db.query(
        "select operation, role, application_name from pgauto_mv.log where kind = 'firing' and relation = $1 order by xid::text::bigint, operation",
        [shop.orders],
      ),
    ).toEqual([
      { operation: 'INSERT', role: login.user, application_name: 'till 7' },
      { operation: 'UPDATE', role: login.user, application_name: 'till 7' },
      { operation: 'INSERT', role: login.user, application_name: 'back office' },
    ]);
  });

  test('says so where the table is described', async () => {
    const [row] = await db.query<{ comment: string }>("select obj_description('pgauto_mv.log'::regclass) as comment");
    expect(row?.comment).toContain('A firing is one transaction');
  });
});

describe('an event after each refresh', () => {
  const events = async (channel: string) => {
    const rows = await db.query<{ payload: string }>(
      `select q.payload from pgrelay.queue q join pgrelay.channels c on c.id = q.channel_id where c.name = $1 order by q.place`,
      [channel],
    );
    return rows.map(({ payload }) => JSON.parse(payload));
  };
  const problems = () =>
    db.query("select object, evidence from pgauto_mv.get_mv_problems() where code = 'event_not_sent'");

  /** A view with a channel of its own. */
  async function announced(channel: string): Promise<string> {
    await db.query('select pgrelay.register_channel($1)', [channel]);
    const id = await watch(db, shop, 'INSERT');
    await db.query('update pgauto_mv.mv set channel = $2 where id = $1', [id, channel]);
    return id;
  }

  test('commits with the contents, and says what happened', async () => {
    const id = await announced('shop.refreshed');
    await order();
    const refresher = await db.session('refresher');
    const [claim] = await refresher.query<{ epoch: string }>(
      "select epoch from pgauto_mv.begin_refresh_v1($1, 'trigger', null, '1 h')",
      [id],
    );
    await refresher.query('begin isolation level repeatable read');
    await refresher.query("select pgauto_mv.enter_refresh_v1($1, $2, '1 h', '1 s', '1 s')", [id, claim?.epoch]);
    await refresher.query(`refresh materialized view concurrently ${shop.view}`);
    await clock.advance(1.25);
    await refresher.query("select pgauto_mv.finish_refresh_v1($1, $2, 'trigger', 'concurrently', null)", [
      id,
      claim?.epoch,
    ]);
    expect(await events('shop.refreshed')).toEqual([]);
    await refresher.query('commit');
    expect(await events('shop.refreshed')).toEqual([
      {
        view: shop.view,
        epoch: Number(claim?.epoch),
        source: 'trigger',
        mode: 'concurrently',
        duration_ms: 1250,
        root_lag_ms: null, // the first refresh: nobody knows since when
        rows_inserted: 1,
        rows_deleted: 0,
      },
    ]);
    expect(await problems()).toEqual([]);
  });

  test.each(['disable_channel', 'drop_channel'])(
    'never stops a refresh: %s is a problem until one is sent again',
    async (what) => {
      const channel = `shop.${what}`;
      const id = await announced(channel);
      await db.query(`select pgrelay.${what}($1)`, [channel]);
      const client = await db.connect();
      expect(await refresh(client, id)).toMatchObject({ kind: 'done' });
      expect(await problems()).toEqual([
        { object: shop.view, evidence: expect.stringContaining(what === 'drop_channel' ? 'PR001' : 'PR002') },
      ]);
      await db.query(
        what === 'drop_channel' ? 'select pgrelay.register_channel($1)' : 'select pgrelay.resume_channel($1)',
        [channel],
      );
      expect(await refresh(client, id)).toMatchObject({ kind: 'done' });
      expect(await problems()).toEqual([]);
      expect(await events(channel)).toHaveLength(1);
    },
  );

  test('is not left behind by a channel that was dropped while the refresh ran', async () => {
    const id = await announced('shop.dropped');
    const refresher = await db.session('refresher');
    const [claim] = await refresher.query<{ epoch: string }>(
      "select epoch from pgauto_mv.begin_refresh_v1($1, 'first', null, '1 h')",
      [id],
    );
    await refresher.query('begin isolation level repeatable read');
    await refresher.query("select pgauto_mv.enter_refresh_v1($1, $2, '1 h', '1 s', '1 s')", [id, claim?.epoch]);
    await db.query("select pgrelay.drop_channel('shop.dropped')");
    await refresher.query(`refresh materialized view concurrently ${shop.view}`);
    await refresher.query("select pgauto_mv.finish_refresh_v1($1, $2, 'first', 'concurrently', null)", [
      id,
      claim?.epoch,
    ]);
    await refresher.query('commit');
    expect(await db.query('select refreshes::int from pgauto_mv.freshness where id = $1', [id])).toEqual([
      { refreshes: 1 },
    ]);
    expect(
      await db.query(
        'select from pgrelay.queue q where not exists (select from pgrelay.channels c where c.id = q.channel_id)',
      ),
    ).toEqual([]);
    expect(await problems()).toMatchObject([{ object: shop.view }]);
  });
});
