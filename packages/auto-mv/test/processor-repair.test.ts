import { until, useDatabase } from '@pgrelay/test-support';
import { describe, expect, test } from 'vitest';
import { withLogin } from './support/login.js';
import { order, untilFresh, useProcessors } from './support/processor.js';
import { openShop, type Shop, watch } from './support/shop.js';

const db = useDatabase();
const start = useProcessors(db);

describe('repair', () => {
  const dropTrigger = async (shop: Shop) => {
    const [row] = await db.query<{ tgname: string }>('select tgname from pg_trigger where tgrelid = $1::regclass', [
      shop.orders,
    ]);
    await db.query(`drop trigger ${row?.tgname} on ${shop.orders}`);
  };

  test('puts a dropped trigger back, and the view catches up', async () => {
    const shop = await openShop(db);
    const id = await watch(db, shop, 'INSERT', ', p_cooldown => 0');
    await start({ repairEveryMs: 100 });
    await untilFresh(db, id);
    await dropTrigger(shop);
    await order(db, shop, 4);
    await until(
      async () => (await db.query(`select from ${shop.view} where revenue = 4`)).length === 1,
      'the view shows the order',
    );
    await untilFresh(db, id);
  });

  test('follows a plain view that is replaced, and rows loaded while triggers were off', async () => {
    const shop = await openShop(db);
    await db.query(`create view ${shop.schema}.plain as select sum(amount) as n from ${shop.orders}`);
    await db.query(`create materialized view ${shop.schema}.over as select n from ${shop.schema}.plain`);
    const [row] = await db.query<{ id: string }>(
      `select pgauto_mv.register_mv('${shop.schema}.over'::regclass, p_cooldown => 0) as id`,
    );
    const shows = (n: number) =>
      until(
        async () => (await db.query(`select from ${shop.schema}.over where n = $1`, [n])).length === 1,
        `the view shows ${n}`,
      );
    await order(db, shop, 1);
    await start({ repairEveryMs: 100 });
    await untilFresh(db, row?.id ?? '');
    await db.query(`create or replace view ${shop.schema}.plain as select sum(amount) + 100 as n from ${shop.orders}`);
    await shows(101);
    await db.query(`alter table ${shop.orders} disable trigger user`);
    await order(db, shop, 1);
    await db.query(`alter table ${shop.orders} enable trigger user`);
    await shows(102);
  });

  test('is an option: switched off, the trigger stays away and is a problem row', async () => {
    const shop = await openShop(db);
    const id = await watch(db, shop, 'INSERT', ', p_cooldown => 0');
    await start({ repair: false, repairEveryMs: 100 });
    await untilFresh(db, id);
    await dropTrigger(shop);
    const other = await openShop(db);
    const otherId = await watch(db, other, 'INSERT');
    await untilFresh(db, otherId); // the Processor has been round since
    expect(await db.query('select code from pgauto_mv.get_mv_problems() where object = $1', [shop.orders])).toEqual([
      { code: 'trigger_missing' },
    ]);
  });
});

test('the login of a Processor needs the role pgrelay_processor and its views, no more', async () => {
  const shop = await openShop(db);
  const id = await watch(db, shop, 'INSERT', ', p_cooldown => 0');
  await withLogin(db, ['pgrelay_processor'], async (_client, user, password) => {
    await db.query(`grant usage, create on schema ${shop.schema} to ${user}`);
    await db.query(`grant select, trigger on ${shop.orders} to ${user}`);
    await db.query(`alter materialized view ${shop.view} owner to ${user}`);
    const url = new URL(db.url);
    url.username = user;
    url.password = password;
    const processor = await start({ repairEveryMs: 100 }, url.href);
    await untilFresh(db, id);
    await order(db, shop, 6);
    await until(async () => (await revenue(shop)) === 6, 'the view shows the order');
    const [row] = await db.query<{ tgname: string }>('select tgname from pg_trigger where tgrelid = $1::regclass', [
      shop.orders,
    ]);
    await db.query(`drop trigger ${row?.tgname} on ${shop.orders}`);
    await order(db, shop, 4);
    await until(async () => (await revenue(shop)) === 10, 'the trigger is back and the view shows both');
    await processor.stop();
    await db.query(`alter materialized view ${shop.view} owner to current_user`);
  });
});

async function revenue(shop: Shop): Promise<number> {
  const rows = await db.query<{ revenue: number }>(`select sum(revenue)::int as revenue from ${shop.view}`);
  return rows[0]?.revenue ?? 0;
}
