import { setTimeout as pause } from 'node:timers/promises';
import { defaultProcessorOptions } from '@pgrelay/relay-core';
import type pg from 'pg';
import { judge } from '../harness/bar.js';
import { startEngine, type Tenure, tenureOf } from '../harness/engine-process.js';
import { serverFacts } from '../harness/environment.js';
import { installPeers } from '../harness/peers.js';
import { type RelayDatabase, withDatabase, withServer } from '../harness/relay-database.js';
import type { Scenario, ScenarioContext } from '../harness/scenario.js';
import { sqlFile } from '../harness/sql-files.js';
import { heldByKilledGraphile } from './crash/graphile.js';
import { IN_FLIGHT } from './crash/handler-options.js';

const KILLS = { full: 10, quick: 1 } as const;
const PROBE_MS = 10;
const PATIENCE_MS = 60_000;
/** How long after the lease the last of the events may come. */
const SLACK_MS = 1_000;
const LEASE_MS = defaultProcessorOptions.leaseMs;

/** How soon others may take what a killed Processor had in flight. */
export const crash: Scenario = {
  name: 'crash',
  title: `kill -9 of a Processor with ${IN_FLIGHT} events in flight, another one running`,
  run(context) {
    const { node, versions } = installPeers(context.say);
    return withServer('bench-crash', context, async (server) => {
      const held = await withDatabase(server, 'empty', 'graphile', (database) =>
        heldByKilledGraphile(database, node, LEASE_MS + SLACK_MS),
      );
      const result = await withDatabase(server, 'relay', 'relay', (database) => measure(database, context));
      const beside = `graphile-worker, killed once with ${IN_FLIGHT} jobs in flight: ${held} of them still held ${LEASE_MS + SLACK_MS} ms later.`;
      return { ...result, lines: [...result.lines, '', beside], versions };
    });
  },
};

async function measure({ url, client }: RelayDatabase, { quick, say }: ScenarioContext) {
  await client.query(sqlFile('crash/register.sql'));
  const kills: number[] = [];
  while (kills.length < (quick ? KILLS.quick : KILLS.full)) {
    kills.push(await killOnce(url, client));
    await checkLedger(client, kills.length * IN_FLIGHT);
    say(`kill ${kills.length}: all claimable after ${Math.round(kills.at(-1) ?? 0)} ms`);
  }
  const worst = Math.max(...kills);
  const name = `until all ${IN_FLIGHT} events are claimable, worst of ${kills.length} kills, ms`;
  const { passed, lines } = judge([{ name, value: worst, most: LEASE_MS + SLACK_MS }], quick);
  return {
    passed,
    lines,
    figures: { leaseMs: LEASE_MS, kills: kills.map(Math.round) },
    server: await serverFacts(client),
  };
}

/** One Processor holds all the events, another waits for work; the first is killed at any point of its heartbeat. */
async function killOnce(url: string, client: pg.Client): Promise<number> {
  const victim = await startEngine({ url, handlers: new URL('./crash/hanging.js', import.meta.url).href });
  try {
    await client.query(sqlFile('engine/enqueue.sql'), ['crash', IN_FLIGHT, 1]);
    const tenure = await tenureOf(client, victim.pid);
    if (tenure === undefined) throw new Error('the Processor lost its slot');
    await until(async () => (await held(client, tenure)) === IN_FLIGHT, 'all events are in flight');
    const other = await startEngine({ url, handlers: new URL('./crash/finishing.js', import.meta.url).href });
    try {
      await pause((Math.random() * LEASE_MS) / 4);
      const began = performance.now();
      await victim.kill();
      await until(async () => (await held(client, tenure)) === 0, 'all events are claimable');
      const ms = performance.now() - began;
      await until(async () => (await ledger(client)).waiting === 0, 'all events are done');
      return ms;
    } finally {
      await other.stop();
    }
  } finally {
    await victim.kill();
  }
}

async function held(client: pg.Client, { slot, epoch }: Tenure): Promise<number> {
  return (await client.query<{ held: number }>(sqlFile('crash/held.sql'), [slot, epoch])).rows[0]?.held ?? 0;
}

interface Ledger {
  readonly events: number;
  readonly done: number;
  readonly lost: number;
  readonly other: number;
  readonly waiting: number;
}

async function ledger(client: pg.Client): Promise<Ledger> {
  const { rows } = await client.query<Ledger>(sqlFile('crash/ledger.sql'));
  return rows[0] as Ledger;
}

/** Each event was lost once and done once. */
async function checkLedger(client: pg.Client, events: number): Promise<void> {
  const found = await ledger(client);
  const right = { events, done: events, lost: events, other: 0, waiting: 0 };
  if (JSON.stringify(found) !== JSON.stringify(right))
    throw new Error(`the audit is ${JSON.stringify(found)} and must be ${JSON.stringify(right)}`);
}

async function until(probe: () => Promise<boolean>, what: string): Promise<void> {
  const end = performance.now() + PATIENCE_MS;
  while (!(await probe())) {
    if (performance.now() > end) throw new Error(`waited ${PATIENCE_MS} ms in vain until ${what}`);
    await pause(PROBE_MS);
  }
}
