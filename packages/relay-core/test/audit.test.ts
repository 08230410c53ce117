import { cancel, defineHandler, fail, Processor, retryIn, snooze } from '@pgrelay/relay-core';
import { until, useDatabase } from '@pgrelay/test-support';
import { expect, test } from 'vitest';
import { ChildProcessor } from './support/child.js';
import { logLines } from './support/log-lines.js';
import { running } from './support/running.js';

const db = useDatabase();

/** Every way in which an attempt ends, by the channel that takes it. */
const sql: Readonly<Record<string, { readonly action: string; readonly more?: string; readonly outcome: string }>> = {
  'a.sql.done': { action: 'select 1', outcome: 'done' },
  'a.sql.failed': { action: 'select $1::integer', outcome: 'failed' },
  'a.sql.retried': { action: 'select conflict()', outcome: 'retried' },
  'a.sql.parallel': { action: 'select 1', more: ', p_parallel => true', outcome: 'done' },
  'a.sql.timeout': { action: 'select pg_sleep(60)', more: ", p_statement_timeout => '200 ms'", outcome: 'failed' },
};
const stop = (signal: AbortSignal) =>
  new Promise<never>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
const handlers = (['leased', 'transactional'] as const).flatMap((mode) => [
  defineHandler(`a.${mode}.done`, { mode }, () => undefined),
  defineHandler(`a.${mode}.failed`, { mode }, () => fail('no')),
  defineHandler(`a.${mode}.retried`, { mode }, () => retryIn(3_600_000)),
  defineHandler(`a.${mode}.snoozed`, { mode }, () => snooze(3_600_000)),
  defineHandler(`a.${mode}.cancelled`, { mode }, () => cancel()),
  defineHandler(`a.${mode}.thrown.failed`, { mode }, () => {
    throw new Error('x');
  }),
  defineHandler(`a.${mode}.payload.failed`, { mode, payload: 'json' }, () => undefined),
  defineHandler(`a.${mode}.late.failed`, { mode, timeoutMs: 100 }, () => new Promise<void>(() => undefined)),
  defineHandler(`a.${mode}.asked.cancelled`, { mode }, (_event, ctx) => stop(ctx.signal)),
]);
const batch = defineHandler('a.batch', { batch: 10 }, () => [
  undefined,
  fail('no'),
  retryIn(3_600_000),
  snooze(3_600_000),
  cancel(),
]);

test('every attempt that ends has one audit row, with slot, worker, node and times, whatever way it ended', async () => {
  await db.query(
    "create function conflict() returns void language plpgsql as $$ begin raise exception using errcode = '40001'; end $$",
  );
  for (const [name, { action, more = '' }] of Object.entries(sql))
    await db.query(`select pgrelay.register_channel($1, $2${more})`, [name, action]);
  await db.query(
    "set role pgrelay_owner; insert into pgrelay.retry_rule (channel_id, sqlstate, delays) select id, '40', array[interval '1 hour'] from pgrelay.channel where name = 'a.sql.retried'; reset role",
  );
  await db.query(
    "select pgrelay.register_channel('a.top.done', array['select 1']), pgrelay.register_channel('a.top.failed', array['select 1 / 0'])",
  );
  await db.query(
    "select pgrelay.register_channel('a.batch'), pgrelay.notify_many('a.batch', array['1', '2', '3', '4', '5'])",
  );
  await db.query("select pgrelay.register_channel('k.deadly')");
  const expected: Record<string, string> = { 'a.top.done': 'done', 'a.top.failed': 'failed', 'k.deadly': 'lost' };
  for (const [name, { outcome }] of Object.entries(sql)) expected[name] = outcome;
  for (const { channel } of handlers) expected[channel] = channel.slice(channel.lastIndexOf('.') + 1);
  // One of the workers waits in a transactional handler.
  const { processor } = await running(db, { workers: 3, handlers: [...handlers, batch] });
  for (const name of Object.keys(expected))
    if (name !== 'k.deadly')
      await db.query("select pgrelay.notify($1, 'no json')", [
        name.startsWith('a.sql') || name.includes('payload') ? name : 'a.sql.done',
      ]);
  for (const name of Object.keys(expected))
    if (!name.startsWith('a.sql') && !name.includes('payload') && name !== 'k.deadly')
      await db.query("select pgrelay.notify($1, '{}')", [name]);
  for (const mode of ['leased', 'transactional']) {
    const [event] = await until(async () => {
      const rows = await db.query<{ id: string }>(
        "select id::text from pgrelay.events where channel = $1 and state = 'claimed'",
        [`a.${mode}.asked.cancelled`],
      );
      return rows.length > 0 ? rows : undefined;
    }, 'it runs');
    await db.query('select pgrelay.cancel($1)', [event?.id]);
  }
  const child = new ChildProcessor(db.url);
  await child.printed('ready');
  await db.query("select pgrelay.notify('k.deadly', '1')");
  await child.exited;

  for (const [channel, outcome] of Object.entries(expected)) {
    const rows = await until(async () => {
      const found = await db.query<{ outcome: string }>('select outcome from pgrelay.log where channel = $1', [
        channel,
      ]);
      return found.length > 0 ? found : undefined;
    }, `${channel} ended`);
    expect([...new Set(rows.map((row) => row.outcome))], channel).toEqual([outcome]);
  }
  await until(
    async () => (await db.query("select from pgrelay.log where channel = 'a.batch'")).length === 5,
    'the batch ended',
  );
  expect(await db.query("select outcome from pgrelay.log where channel = 'a.batch' order by event_id")).toEqual(
    ['done', 'failed', 'retried', 'snoozed', 'cancelled'].map((outcome) => ({ outcome })),
  );
  const node = (await db.query<{ id: number }>('select pgrelay.this_node() as id'))[0]?.id;
  expect(
    await db.query(
      'select channel, slot, worker, node from pgrelay.log where slot is null or worker is null or node <> $1 or started_at is null or started_at < enqueued_at or finished_at < started_at',
      [node],
    ),
  ).toEqual([]);
  expect(await db.query('select event_id, attempt from pgrelay.log group by 1, 2 having count(*) > 1')).toEqual([]);
  expect(await db.query("select distinct slot from pgrelay.log where channel not in ('k.deadly')")).toEqual([
    { slot: processor.slot },
  ]);
  expect(
    await db.query("select slot <> $1 as other from pgrelay.log where channel = 'k.deadly'", [processor.slot]),
  ).toEqual([{ other: true }]);
  expect(
    (await db.query<{ outcome: string }>('select distinct outcome from pgrelay.log order by 1')).map(
      (row) => row.outcome,
    ),
  ).toEqual(['cancelled', 'done', 'failed', 'lost', 'retried', 'snoozed']);
});

test('a third loss is logged as a loss and quarantines the event', async () => {
  await db.query("select pgrelay.register_channel('a.poison'), pgrelay.notify('a.poison', 'x')");
  for (let loss = 1; loss <= 3; loss += 1) {
    const [slot] = await db.query<{ slot: number; epoch: string }>(
      "select slot, epoch from pgrelay.attach_v1('gone', 1, 'v', 1, 1, '{}')",
    );
    await db.query(
      "select pgrelay.claim_v1($1, $2, 3::smallint, id, 1) from pgrelay.channels where name = 'a.poison'",
      [slot?.slot, slot?.epoch],
    );
    await db.query('select pg_sleep(0.01)');
    await db.query('select pgrelay.bury_v1()');
    await db.query('select pgrelay.rescue_v1()');
  }
  expect(
    await db.query(
      "select outcome, code, attempt, slot is not null as slot, worker from pgrelay.log where channel = 'a.poison' order by attempt",
    ),
  ).toEqual([1, 2, 3].map((attempt) => ({ outcome: 'lost', code: 'processor_lost', attempt, slot: true, worker: 3 })));
  expect(await db.query("select reason from pgrelay.failed where channel = 'a.poison'")).toEqual([
    { reason: 'quarantined' },
  ]);
});

test('ctx.log tells the event and its channel; a snooze burns no retry', async () => {
  const { log, lines } = logLines();
  let calls = 0;
  const { processor } = await running(db, {
    log,
    handlers: [
      defineHandler('a.log', (_event, ctx) => {
        ctx.log.info({ mine: true }, 'a line of the handler');
        calls += 1;
        return calls < 6 ? snooze(1) : undefined;
      }),
    ],
  });
  const [event] = await db.query<{ id: string }>("select pgrelay.notify('a.log', '{}')::text as id");
  await until(
    async () => (await db.query("select from pgrelay.log where channel = 'a.log' and outcome = 'done'")).length > 0,
    'it is done',
  );
  const line = lines
    .map((text) => JSON.parse(text) as Record<string, unknown>)
    .find((parsed) => parsed['msg'] === 'a line of the handler');
  expect(line).toMatchObject({ eventId: event?.id, channel: 'a.log', mine: true });
  expect(
    await db.query(
      "select count(*)::int as n, max(attempt) as attempt from pgrelay.log where channel = 'a.log' and outcome = 'snoozed'",
    ),
  ).toEqual([{ n: 5, attempt: 5 }]);
  expect(processor.slot).toBeGreaterThan(0);
});

test('ctx.signal is aborted when the Processor is made to stop; the event is given back', async () => {
  let signal: AbortSignal | undefined;
  const { log } = logLines();
  const processor = new Processor({
    connectionString: db.url,
    log,
    pollIntervalMs: 20,
    handlers: [
      defineHandler('a.stop', (_event, ctx) => {
        signal = ctx.signal;
        return stop(ctx.signal);
      }),
    ],
  });
  await processor.start();
  await db.query("select pgrelay.notify('a.stop')");
  await until(async () => signal !== undefined, 'the handler runs');
  expect(signal?.aborted).toBe(false);
  await processor.stop({ force: true });
  expect(signal?.aborted).toBe(true);
  expect(signal?.reason).toMatchObject({ message: 'the Processor is forced to stop' });
  expect(await db.query("select state from pgrelay.events where channel = 'a.stop'")).toEqual([{ state: 'ready' }]);
});

test('notices of an action stay in the server: the sessions of a Processor ask for none', async () => {
  await db.query('create table level (what text); grant insert on level to pgrelay');
  await db.query(
    "create function loud() returns text language plpgsql as $$ begin for i in 1 .. 100 loop raise notice 'loud'; end loop; return current_setting('client_min_messages'); end $$",
  );
  await db.query(
    "select pgrelay.register_channel('a.loud', 'insert into level values (loud())'), pgrelay.notify('a.loud'), pgrelay.notify('a.loud')",
  );
  await running(db);
  await until(async () => (await db.query('select from level')).length === 2, 'both ran');
  expect(await db.query('select distinct what from level')).toEqual([{ what: 'warning' }]);
});
