import { until, useDatabase } from '@pgrelay/test-support';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Deliveries } from './support/deliveries.js';
import { Receiver } from './support/receiver.js';

const database = useDatabase();
const receiver = new Receiver();
const deliveries = new Deliveries(database);

beforeAll(() => receiver.start());
afterAll(async () => {
  await deliveries.stop();
  await receiver.stop();
});

/** What a restored dump, or CREATE DATABASE … TEMPLATE, brings along: the identity of the database that it is a copy of. */
async function becomeACopy(): Promise<void> {
  await database.query('set role pgrelay_owner');
  await database.query('update pgrelay_http.node set database_oid = 1');
  await database.query('reset role');
}

test('a copy of a database delivers nothing until somebody confirms it; then it does, without a restart', async () => {
  const endpoints = { 'in.code': { url: receiver.url('/code') } };
  await deliveries.start({ endpoints });
  await deliveries.register('in.sql', receiver.url('/sql'));
  expect(await deliveries.ended(await deliveries.notify('in.sql'))).toMatchObject([{ outcome: 'done' }]);
  await deliveries.start({ endpoints });
  expect(await deliveries.problems()).toEqual([]);
  await deliveries.stop();

  await becomeACopy();
  const ids = [await deliveries.notify('in.code'), await deliveries.notify('in.sql')];
  await deliveries.start({ endpoints });
  await deliveries.register('new', receiver.url('/new'));
  ids.push(await deliveries.notify('new'));
  // The Processor works on other channels meanwhile: by then it would have taken these, too.
  await database.query("select pgrelay.register_channel('other', 'select 1')");
  await deliveries.ended(await deliveries.notify('other'));
  expect(await database.query('select distinct state, attempt from pgrelay.events where id = any ($1)', [ids])).toEqual(
    [{ state: 'ready', attempt: 0 }],
  );
  expect(receiver.received).toHaveLength(1);
  expect((await deliveries.problems()).map(({ code }) => code)).toEqual(['http_node_unconfirmed']);
  expect(deliveries.lines.join('')).toContain('deliveries are held');

  const viewer = await database.connect(await database.login('pgrelay_processor'));
  await expect(viewer.query('select pgrelay_http.confirm_node()')).rejects.toMatchObject({ code: '42501' });
  await database.query('select pgrelay_http.confirm_node()');
  for (const id of ids) expect(await deliveries.ended(id)).toMatchObject([{ outcome: 'done', attempt: 1 }]);
  await until(async () => (await deliveries.problems()).length === 0, 'the problem is gone');
});
