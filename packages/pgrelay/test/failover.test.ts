import { createClient, defineHandler } from '@pgrelay/relay-core';
import { migrateModules, OwnServer, promote, startStandby, TcpProxy, until } from '@pgrelay/test-support';
import pg from 'pg';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startProcessor } from './support/processors.js';

let primary: OwnServer;
let standby: OwnServer;
let proxy: TcpProxy;

beforeEach(async () => {
  primary = await OwnServer.start();
  await migrateModules(primary.url);
  await primary.query(`
    create table ledger (event_id bigint, channel text);
    grant insert on ledger to pgrelay;
    select pgrelay.register_channel('f.sql', 'insert into ledger select c.id, c.channel from pgrelay.current_event() c', p_parallel => true);
    select pgrelay.declare_handlers_v1(array['f.tx', 'f.leased'], array['transactional', 'leased'], true);
    select pgrelay_cron.schedule('beat', '1 second', 'insert into ledger select c.id, c.channel from pgrelay.current_event() c', p_overlap => 'allow');
    create table item (amount integer);
    create materialized view total as select count(*)::integer as items from item;
    create unique index on total (items);
    select pgauto_mv.register_mv('total', p_cooldown => 0)`);
  standby = await startStandby(primary);
  proxy = await TcpProxy.to(primary.url);
});

afterEach(async () => {
  await proxy.close();
  await Promise.all([primary.remove(), standby.remove()]);
});

test('a Processor whose primary dies under load goes on, when it is led to the promoted standby: each event once', async () => {
  await primary.query("alter system set synchronous_standby_names = '*'");
  await primary.query('select pg_reload_conf()');
  await until(
    async () => (await primary.query("select from pg_stat_replication where sync_state = 'sync'"))[0],
    'the standby is synchronous',
  );
  const leased: string[] = [];
  const { processor, errors } = await startProcessor(proxy.url, {
    workers: 3,
    handlers: [
      defineHandler('f.tx', { mode: 'transactional' }, async (event, ctx) => {
        await ctx.tx.query("insert into ledger values ($1, 'f.tx')", [event.id]);
      }),
      defineHandler('f.leased', (event) => void leased.push(event.id)),
    ],
  });

  // Writers note what they were told: an id after the commit. While the server is away they try again.
  const acknowledged: string[] = [];
  let isOver = false;
  const keepOn = async (work: () => Promise<void>) => {
    while (!isOver) await work().catch(() => new Promise((resolve) => setTimeout(resolve, 20)));
  };
  const client = createClient({ connectionString: proxy.url });
  const send = () =>
    keepOn(async () => {
      for (const channel of ['f.sql', 'f.tx', 'f.leased'])
        acknowledged.push(...(await client.notifyMany(channel, [{}, {}, {}, {}, {}])));
      acknowledged.push(await client.notify('f.tx', 0, { runAt: new Date(Date.now() + 200) }));
    });
  const change = () =>
    keepOn(async () => {
      const one = new pg.Client({ connectionString: proxy.url });
      one.on('error', () => undefined);
      await one.connect();
      try {
        while (!isOver) await one.query('insert into item values (1)');
      } finally {
        await one.end();
      }
    });
  const writers = [send(), send(), change()];
  const ledger = (server: OwnServer) =>
    server.query<{ id: string; channel: string }>('select event_id::text as id, channel from ledger');
  await until(async () => (await ledger(primary)).length > 200, 'it is under way');

  proxy.refuse();
  await primary.kill();
  await promote(standby);
  proxy.retarget(standby.url);
  proxy.accept();
  const before = acknowledged.length;
  await until(async () => acknowledged.length > before + 100, 'writers go on with the new primary');
  isOver = true;
  await Promise.all(writers);
  await client.close();

  await until(
    async () => (await standby.query("select from pgrelay.events where channel like 'f.%'")).length === 0,
    'every event has run',
  );
  const rows = await ledger(standby);
  const ids = new Set(rows.map(({ id }) => id));
  expect(ids.size).toBe(rows.length); // none twice
  const ends = new Set(leased);
  expect(acknowledged.filter((id) => !ids.has(id) && !ends.has(id))).toEqual([]); // and none lost
  const beats = rows.filter(({ channel }) => channel === 'cron.beat').length;
  await until(
    async () => (await ledger(standby)).filter(({ channel }) => channel === 'cron.beat').length > beats,
    'the job goes on',
  );
  const [row] = await standby.query<{ token: string }>(
    'with i as (insert into item values (1)) select pg_current_xact_id()::text as token',
  );
  expect(
    await standby.query("select pgauto_mv.wait_until_fresh('total', $1::xid8, '1 min') as fresh", [row?.token]),
  ).toEqual([{ fresh: true }]);
  expect(await standby.query('select items - (select count(*) from item) as n from total')).toEqual([{ n: '0' }]);
  expect(processor.slot).toBeDefined();
  expect(await standby.query("select reason from pgrelay.failed where channel like 'f.%'")).toEqual([]);
  expect(errors()).toEqual([]);
});

test('a slot that the standby had not heard of is not shared with the Processor that gets it there', async () => {
  // The standby hears nothing more from here on, as when the network between the two is cut before the primary dies.
  await primary.query('alter system set max_wal_senders = 0');
  await primary.kill();
  await primary.startAgain();
  const gate: { open: () => void } = { open: () => undefined };
  const isOpen = new Promise<void>((resolve) => {
    gate.open = resolve;
  });
  const first = await startProcessor(proxy.url, { handlers: [defineHandler('f.leased', () => isOpen)] });
  await primary.query("select pgrelay.notify('f.leased')");
  await until(
    async () => (await primary.query("select from pgrelay.events where state = 'claimed'"))[0],
    'it holds an event',
  );
  proxy.refuse();
  await primary.kill();
  await promote(standby);
  const second = await startProcessor(standby.url);
  expect(second.processor.slot).toBe(1);
  expect(first.processor.slot).toBe(1);
  proxy.retarget(standby.url);
  proxy.accept();
  await until(
    async () => first.processor.slot !== undefined && first.processor.slot !== 1,
    'the first has another slot',
  );
  gate.open();
  expect(await standby.query('select slot from pgrelay.processors')).toHaveLength(2);
  await first.processor.stop();
  expect(await standby.query('select slot from pgrelay.processors')).toEqual([{ slot: 1 }]);
  expect(second.processor.slot).toBe(1);
});
