import { type Session, useDatabase } from '@pgrelay/test-support';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { cleanUp, flagged, isDirty, openShops, Refresh, type View } from './fixtures/hazard-shop.js';

// What the published pattern does to those who write, each shown on its own SQL, and that auto-mv does not.
// `public` has the published pattern, `ours` is registered with auto-mv; sessions and steps are the same.
const db = useDatabase();
beforeAll(() => openShops(db));
beforeEach(() => cleanUp(db));

let orders = 0;
const order = (schema: string) => {
  orders += 1;
  return `insert into ${schema}.orders values (${orders}, 1 + ${orders} % 1000, '2024-01-01')`;
};
const price = (schema: string) => `update ${schema}.products set price = price + 1 where product_id = 1`;
const customer = (schema: string) => `update ${schema}.customers set email = email || '.' where customer_id = 1`;

/** A session in which anything that waits fails instead of hanging. */
async function patient(name: string): Promise<Session> {
  const session = await db.session(name);
  await session.query("set lock_timeout = '10s'");
  return session;
}

/** The published refresh, its transaction left open: it is running. */
async function publishedRefresh(): Promise<Session> {
  const refresher = await patient('published refresher');
  await refresher.query('begin');
  await refresher.query('call public.refresh_dirty_materialized_views()');
  return refresher;
}

/** Ours, likewise. */
async function ourRefresh(view: View): Promise<{ refresh: Refresh; refresher: Session }> {
  const refresher = await patient(`our refresher of ${view}`);
  const refresh = await Refresh.begin(refresher, view);
  await refresh.run();
  return { refresh, refresher };
}

describe('A1: a writer, while its view is refreshed', () => {
  test('waits for the published refresh', async () => {
    await db.query(order('public'));
    const refresher = await publishedRefresh();
    const writer = await patient('writer');
    const waiting = writer.start(order('public'));
    await writer.untilBlocked();
    await refresher.query('commit');
    await waiting;
  });

  test('does not wait for ours, and the view is dirty afterwards', async () => {
    await db.query(order('ours'));
    const { refresh } = await ourRefresh('sales');
    await (await patient('writer')).query(order('ours'));
    await refresh.commit();
    expect(await isDirty(db, 'sales')).toBe(true);
  });
});

describe('A2: a writer, while another view is refreshed', () => {
  test('waits when the published loop has had its view before', async () => {
    await db.query(customer('public'));
    await db.query(order('public'));
    const refresher = await publishedRefresh();
    const writer = await patient('writer of customers');
    const waiting = writer.start(customer('public'));
    await writer.untilBlocked();
    await refresher.query('commit');
    await waiting;
  });

  test('does not with ours', async () => {
    await db.query(customer('ours'));
    await db.query(order('ours'));
    const refreshes = [await ourRefresh('emails'), await ourRefresh('sales')];
    await (await patient('writer of customers')).query(customer('ours'));
    for (const { refresh } of refreshes) await refresh.commit();
  });
});

describe('A3: a writer, beside an open transaction on another table of the view', () => {
  test('waits for the published flag', async () => {
    const [first, second] = [await patient('first'), await patient('second')];
    await first.query('begin');
    await first.query(order('public'));
    const waiting = second.start(price('public'));
    await second.untilBlocked();
    await first.query('rollback');
    await waiting;
  });

  test('does not with ours', async () => {
    const [first, second] = [await patient('first'), await patient('second')];
    await first.query('begin');
    await first.query(order('ours'));
    await second.query(price('ours'));
    await first.query('rollback');
    expect([await isDirty(db, 'monthly_product_sales'), await isDirty(db, 'sales')]).toEqual([true, false]);
  });
});

describe('A4: two writers of two tables, in opposite order', () => {
  async function cross(schema: string, onWait?: (second: Session) => Promise<void>): Promise<unknown[]> {
    const [first, second] = [await patient('first'), await patient('second')];
    await first.query('begin');
    await second.query('begin');
    await first.query(`update ${schema}.products set price = price + 1 where product_id = 1`);
    await second.query(`update ${schema}.customers set email = email || '.' where customer_id = 2`);
    const one = first.start(`update ${schema}.customers set email = email || '.' where customer_id = 3`);
    if (onWait) await onWait(first);
    const two = second.start(`update ${schema}.products set price = price + 1 where product_id = 2`);
    const ends = await Promise.allSettled([one, two]);
    await first.query('rollback');
    await second.query('rollback');
    return ends.filter(({ status }) => status === 'rejected').map((end) => (end as PromiseRejectedResult).reason);
  }

  test('deadlock over the published flags, though they write no row in common', async () => {
    const errors = await cross('public', (first) => first.untilBlocked());
    expect(errors).toEqual([expect.objectContaining({ code: '40P01' })]);
  });

  test('do not with ours', async () => {
    expect(await cross('ours')).toEqual([]);
  });
});

describe('A5: a REPEATABLE READ writer, when somebody has made the view dirty since its snapshot', () => {
  async function late(schema: string): Promise<Session> {
    const writer = await patient('writer');
    await writer.query('begin isolation level repeatable read');
    await writer.query('select pg_current_snapshot()');
    await db.query(order(schema));
    return writer;
  }

  test('fails over the published flag', async () => {
    const writer = await late('public');
    await expect(writer.query(order('public'))).rejects.toMatchObject({ code: '40001' });
    await writer.query('rollback');
  });

  test('goes on with ours, also when the view was refreshed meanwhile', async () => {
    const writer = await late('ours');
    const { refresh } = await ourRefresh('sales');
    await refresh.commit();
    await writer.query(order('ours'));
    await writer.query('commit');
    expect(await isDirty(db, 'sales')).toBe(true);
  });
});

describe('A6: the refresh, beside a transaction of a writer that stays open', () => {
  test('waits with the published flag, and every later view with it', async () => {
    await db.query(order('public'));
    const [writer, refresher] = [await patient('writer'), await patient('published refresher')];
    await writer.query('begin');
    await writer.query(order('public'));
    const waiting = refresher.start('call public.refresh_dirty_materialized_views()');
    await refresher.untilBlocked();
    await writer.query('rollback');
    await waiting;
  });

  test('does not with ours, and what the writer commits later makes the view dirty', async () => {
    await db.query(order('ours'));
    const writer = await patient('writer');
    await writer.query('begin');
    await writer.query(order('ours'));
    const { refresh } = await ourRefresh('sales');
    await refresh.commit();
    expect(await isDirty(db, 'sales')).toBe(false);
    await writer.query('commit');
    expect(await isDirty(db, 'sales')).toBe(true);
  });
});

describe('A7: a writer with no right but on the table', () => {
  async function clerk(schema: string) {
    const login = await db.login();
    await db.query(`grant usage on schema ${schema} to ${login.user}`);
    await db.query(`grant insert on ${schema}.orders to ${login.user}`);
    return db.connect(login);
  }

  test('cannot write any more with the published trigger', async () => {
    const client = await clerk('public');
    await expect(client.query(order('public'))).rejects.toMatchObject({ code: '42501' });
  });

  test('writes with ours', async () => {
    await (await clerk('ours')).query(order('ours'));
    expect(await isDirty(db, 'sales')).toBe(true);
  });
});

describe('A8: what the published triggers do not see', () => {
  test.each([
    ['TRUNCATE', 'truncate {}.order_items, {}.orders'],
    ['a column that the view shows', "update {}.products set name = name || '!' where product_id = 1"],
  ])('%s', async (_, statement) => {
    await db.query(statement.replaceAll('{}', 'public'));
    await db.query(statement.replaceAll('{}', 'ours'));
    expect([await flagged(db, 'monthly_product_sales'), await isDirty(db, 'monthly_product_sales')]).toEqual([
      false,
      true,
    ]);
  });
});

test('A9: a statement that changes no row sets the published flag and makes no view of ours dirty', async () => {
  for (const schema of ['public', 'ours']) {
    await db.query(`delete from ${schema}.orders where false`);
    await db.query(
      `insert into ${schema}.orders select order_id, customer_id, order_date from ${schema}.orders where false`,
    );
  }
  expect([await flagged(db, 'sales'), await isDirty(db, 'sales')]).toEqual([true, false]);
});

describe('A11: a statement timeout in one view', () => {
  const slowly = (schema: string) => `insert into ${schema}.gate values (1, 3600)`;

  test('takes the finished refreshes of the published loop with it', async () => {
    await db.query(customer('public'));
    await db.query(slowly('public'));
    const refresher = await patient('published refresher');
    await refresher.query("set statement_timeout = '1s'");
    await expect(refresher.query('call public.refresh_dirty_materialized_views()')).rejects.toMatchObject({
      code: '57014',
    });
    expect(await flagged(db, 'emails')).toBe(true);
  });

  test('takes nothing of ours but that view', async () => {
    await db.query(customer('ours'));
    await db.query(slowly('ours'));
    const { refresh: quick } = await ourRefresh('emails');
    await quick.commit();
    const slow = await Refresh.begin(await patient('our refresher of slow'), 'slow', '1 s');
    await slow.run().then(
      () => expect.unreachable('it should run into its timeout'),
      (error) => slow.fail(error),
    );
    expect([await isDirty(db, 'emails'), await isDirty(db, 'slow')]).toEqual([false, true]);
  });
});

test('A12: a view that was refreshed meanwhile is not refreshed again: the second who comes finds it fresh', async () => {
  await db.query(order('ours'));
  const { refresh } = await ourRefresh('sales');
  await refresh.commit();
  await expect(Refresh.begin(await patient('second refresher'), 'sales')).rejects.toThrow('sales: fresh');
});

test('A14: a change that a refresh did not see makes the view dirty, whatever the clocks of the two say', async () => {
  await db.query(order('ours'));
  const refresher = await patient('our refresher');
  const refresh = await Refresh.begin(refresher, 'sales');
  await db.query(order('ours')); // older than the end of the refresh, and not in it
  await refresh.run();
  await refresh.commit();
  expect(
    await db.query(
      `select is_dirty, last_dirtied_at < last_refreshed_at as older from pgauto_mv.materialized_view_state where view_name = 'ours.sales'`,
    ),
  ).toEqual([{ is_dirty: true, older: true }]);
});

describe('A15: a view whose refresh has ended, while that of the next goes on', () => {
  const shown = async (schema: string) => {
    const [row] = await db.query<{ email: string }>(`select email from ${schema}.emails where customer_id = 1`);
    return row?.email;
  };

  test('still shows its old contents with the published loop', async () => {
    const before = await shown('public');
    await db.query(customer('public'));
    const refresher = await publishedRefresh();
    expect(await shown('public')).toBe(before);
    await refresher.query('commit');
    expect(await shown('public')).toBe(`${before}.`);
  });

  test('shows its new ones with ours', async () => {
    const before = await shown('ours');
    await db.query(customer('ours'));
    await db.query(order('ours'));
    const { refresh: first } = await ourRefresh('emails');
    const { refresh: second } = await ourRefresh('sales');
    await first.commit();
    expect(await shown('ours')).toBe(`${before}.`);
    await second.commit();
  });
});

test('A17: a writer whose search_path has other things under our names changes nothing', async () => {
  const writer = await patient('writer');
  await writer.query('create schema if not exists decoy');
  await writer.query('create table if not exists decoy.change (watch_id bigint)');
  await writer.query(
    "create or replace function decoy.set_config(text, text, boolean) returns text language sql as $$ select '' $$",
  );
  await writer.query('set search_path = decoy, pg_catalog');
  await writer.query(order('ours'));
  expect(await db.query('select from decoy.change')).toEqual([]);
  expect(await isDirty(db, 'sales')).toBe(true);
});
