import { createClient, defineHandler } from '@pgrelay/relay-core';
import { until, useDatabase } from '@pgrelay/test-support';
import { expect, test } from 'vitest';
import { ChildProcessor } from './support/child.js';
import { outcomes, running } from './support/running.js';

const db = useDatabase();
const canary = 'CANARY-7f3a1b';
const payload = JSON.stringify({ canary });

/** Ways in which an event can end, as SQL actions; the payload is the canary. */
const actions: Readonly<Record<string, string>> = {
  'y.success': 'insert into kept values ($1) on conflict do nothing',
  'y.retry': 'select pg_temp_retry($1)',
  'y.cast': 'select $1::integer',
  'y.unique': 'insert into kept values ($1); insert into kept values ($1)',
  'y.raise': 'select shout($1)',
  'y.timeout': 'select pg_sleep(60) where $1 is not null',
};

test('a payload is found in no log row, view, problem row or log line, however its event ends', async () => {
  await db.query('create table kept (what text primary key); grant select, insert on kept to pgrelay');
  await db.query(
    "create function shout(p text) returns void language plpgsql as $$ begin raise exception 'bad %', p using detail = p, hint = p, constraint = p, table = p, column = p, schema = p; end $$",
  );
  await db.query(
    "create function pg_temp_retry(p text) returns void language plpgsql as $$ begin raise exception '%', p using errcode = '40001'; end $$",
  );
  for (const [name, sql] of Object.entries(actions)) {
    await db.query("select pgrelay.register_channel($1, $2, p_statement_timeout => '200 ms')", [name, sql]);
    await db.query('select pgrelay.notify($1, $2)', [name, payload]);
  }
  const { lines } = await running(db, {
    handlers: [
      defineHandler('y.h.success', () => undefined),
      defineHandler('y.h.throw', (event) => {
        throw new Error(event.payload.canary);
      }),
      defineHandler(
        'y.h.tx',
        { mode: 'transactional' },
        async (event, ctx) => void (await ctx.tx.query('select $1::integer', [event.payload.canary])),
      ),
      defineHandler('y.h.json', { payload: 'json' }, () => undefined),
      defineHandler('y.h.timeout', { timeoutMs: 100 }, () => new Promise<void>(() => undefined)),
    ],
  });
  const client = createClient({ connectionString: db.url });
  for (const name of ['success', 'throw', 'tx', 'timeout']) await client.notify(`y.h.${name}`, { canary });
  await client.close();
  await db.query('select pgrelay.notify($1, $2)', ['y.h.json', `${canary} {`]);
  const ended = [...Object.keys(actions), 'y.h.success', 'y.h.throw', 'y.h.tx', 'y.h.json', 'y.h.timeout'];
  for (const channel of ended) await until(async () => (await outcomes(db, channel)).length > 0, `${channel} ended`);

  await db.query('select pgrelay.register_channel($1)', ['k.deadly']);
  const crashing = new ChildProcessor(db.url);
  await crashing.printed('ready');
  await db.query("select pgrelay.notify('k.deadly', $1)", [payload]);
  await crashing.exited;
  await until(async () => (await outcomes(db, 'k.deadly')).length > 0, 'the crash is noticed');

  const seen = await places();
  expect(seen.filter((place) => !['pgrelay.queue', 'pgrelay.delayed', 'pgrelay.failed'].includes(place))).toEqual([]);
  expect(seen).toEqual(expect.arrayContaining(['pgrelay.delayed', 'pgrelay.failed']));
  expect(JSON.stringify(await db.query('select * from pgrelay.get_problems()'))).not.toContain(canary);
  expect(lines.length).toBeGreaterThan(10);
  expect(lines.join('')).not.toContain(canary);
  expect(crashing.log + crashing.out).not.toContain(canary);
});

/** Every table and view of the relay and its plugins in which the canary stands. */
async function places(): Promise<string[]> {
  const relations = await db.query<{ name: string }>(
    "select format('%I.%I', n.nspname, c.relname) as name from pg_class c join pg_namespace n on n.oid = c.relnamespace where n.nspname like 'pg%relay%' or n.nspname like 'pgauto%' order by 1",
  );
  const found: string[] = [];
  await db.query('set role pgrelay_owner');
  for (const { name } of relations) {
    const kind = await db.query<{ relkind: string }>('select relkind from pg_class where oid = $1::regclass', [name]);
    if (!['r', 'p', 'v', 'm'].includes(kind[0]?.relkind ?? '')) continue;
    const rows = await db.query(`select from ${name} x where x::text like $1 limit 1`, [`%${canary}%`]);
    if (rows.length > 0) found.push(name);
  }
  await db.query('reset role');
  return found;
}
