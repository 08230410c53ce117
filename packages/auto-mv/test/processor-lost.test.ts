import { fork } from 'node:child_process';
import { once } from 'node:events';
import { until, useDatabase } from '@pgrelay/test-support';
import { describe, expect, test } from 'vitest';
import { withLogin } from './support/login.js';
import {
  order,
  refreshes,
  slowView,
  untilEnds,
  untilFresh,
  untilSleeping,
  useProcessors,
} from './support/processor.js';
import { refresh } from './support/refresh.js';
import { openShop, type Shop } from './support/shop.js';

const db = useDatabase();
const start = useProcessors(db);

test('refresh_materialised_view_now during a refresh is served after it', async () => {
  const shop = await openShop(db);
  const id = await slowView(db, shop);
  await db.query(`insert into ${shop.schema}.gate values (1)`);
  await start({ giveWayAfterMs: 60_000 }); // the test itself reads the view meanwhile
  await untilSleeping(db);
  await order(db, shop, 5);
  await db.query(`delete from ${shop.schema}.gate`);
  await db.query(`select pgauto_mv.refresh_materialised_view_now('slow', '${shop.schema}')`);
  await until(
    async () => (await db.query(`select from ${shop.schema}.slow where revenue = 5`)).length === 1,
    'the view shows the order',
  );
  expect(await refreshes(db, id)).toBeGreaterThanOrEqual(2);
});

describe('a Processor that stops in the middle of a refresh', () => {
  test('gives it back, and the next one does it', async () => {
    const shop = await openShop(db);
    const id = await slowView(db, shop);
    await db.query(`insert into ${shop.schema}.gate values (3600)`);
    const processor = await start();
    await untilSleeping(db);
    await processor.stop();
    expect(await db.query("select outcome from pgauto_mv.log where mv_id = $1 and kind = 'attempt'", [id])).toEqual([
      { outcome: 'released' },
    ]);
    await db.query(`delete from ${shop.schema}.gate`);
    await start();
    await untilFresh(db, id);
  });

  test('by SIGKILL: the refresh goes with it, and the next one does it again', async () => {
    const shop = await openShop(db);
    const id = await slowView(db, shop);
    await db.query(`insert into ${shop.schema}.gate values (3600)`);
    const child = fork(new URL('fixtures/processor.mjs', import.meta.url), [db.url], { silent: true });
    await untilSleeping(db);
    child.kill('SIGKILL');
    await once(child, 'exit');
    await db.query(`delete from ${shop.schema}.gate`);
    await order(db, shop, 3);
    await start();
    await untilFresh(db, id);
    expect(await db.query(`select revenue::int, n::int from ${shop.schema}.slow`)).toEqual([{ revenue: 3, n: 0 }]);
  });
});

describe('an explicit request', () => {
  const request = async (shop: Shop): Promise<string | undefined> => {
    const rows = await db.query<{ id: string }>(
      `select pgauto_mv.refresh_materialised_view_now('slow', '${shop.schema}')::text as id`,
    );
    return rows[0]?.id;
  };
  const failures = (id: string) =>
    db.query(
      'select failures, (select count(*)::int from pgrelay.failed) as events from pgauto_mv.freshness where id = $1',
      [id],
    );

  test('whose connection is cut comes back, and is no failure of the view', async () => {
    const shop = await openShop(db);
    const id = await slowView(db, shop);
    await start();
    await untilFresh(db, id);
    await db.query(`insert into ${shop.schema}.gate values (3600)`);
    const event = await request(shop);
    const pid = await untilSleeping(db);
    await db.query(`delete from ${shop.schema}.gate`);
    await db.query('select pg_terminate_backend($1)', [pid]);
    expect(await untilEnds(db, event, 2)).toEqual(['snoozed', 'done']);
    expect(await failures(id)).toEqual([{ failures: 0, events: 0 }]);
  });

  test('for which the server has no connection left comes back, and is no failure of the view', async () => {
    const shop = await openShop(db);
    const id = await slowView(db, shop);
    await withLogin(db, ['pgrelay_processor'], async (_client, user, password) => {
      await db.query(`grant usage, create on schema ${shop.schema} to ${user}`);
      await db.query(`grant select on ${shop.orders}, ${shop.schema}.gate to ${user}`);
      await db.query(`alter materialized view ${shop.schema}.slow owner to ${user}`);
      const url = new URL(db.url);
      url.username = user;
      url.password = password;
      const processor = await start({ repair: false }, url.href);
      await untilFresh(db, id);
      await db.query(`alter role ${user} connection limit 1`);
      const event = await request(shop);
      expect((await untilEnds(db, event, 1))[0]).toBe('snoozed');
      await db.query(`alter role ${user} connection limit -1`);
      expect(
        (
          await until(async () => {
            const ends = await untilEnds(db, event, 2);
            return ends.includes('done') && ends;
          }, 'the request is served')
        ).slice(-1),
      ).toEqual(['done']);
      expect(await failures(id)).toEqual([{ failures: 0, events: 0 }]);
      await processor.stop();
      await db.query(`alter materialized view ${shop.schema}.slow owner to current_user`);
    });
  });
});

test("a connection that the view's own query loses is a failure of the view", async () => {
  const { schema } = await openShop(db);
  await db.query(`create function ${schema}.remote() returns integer language plpgsql as $$
    begin raise exception using errcode = '08001', message = 'could not connect to server "elsewhere"'; end $$`);
  await db.query(`create materialized view ${schema}.far as select ${schema}.remote() as n with no data`);
  const [row] = await db.query<{ id: string }>(`select pgauto_mv.register_mv('far', '${schema}') as id`);
  expect(await refresh(await db.connect(), row?.id ?? '')).toMatchObject({ kind: 'failed', sqlstate: '08001' });
});
