import type pg from 'pg';
import { type Bar, judge } from '../harness/bar.js';
import { type Distribution, distribution } from '../harness/distribution.js';
import { serverFacts } from '../harness/environment.js';
import { interleave } from '../harness/interleave.js';
import { installPeers } from '../harness/peers.js';
import { type RelayDatabase, withDatabase, withServer } from '../harness/relay-database.js';
import type { Scenario, ScenarioContext, ScenarioResult } from '../harness/scenario.js';
import { type Spread, spread } from '../harness/spread.js';
import { sqlFile } from '../harness/sql-files.js';
import type { Arm, Drained } from './contention/arm.js';
import { graphileArm } from './contention/graphile-arm.js';
import { relayArm } from './contention/relay-arm.js';
import { Writer } from './contention/writer.js';

const WRITER_P95_MS = 50;

interface Round extends Drained {
  /** How long the application's writes took that overlap the drain, in ms. */
  readonly waits: readonly number[];
}

/** Actions and an application that update the same rows: neither fails the other, and the application waits little. */
export const contention: Scenario = {
  name: 'contention',
  title: 'Four workers and an application update the same 100 rows',

  run(context) {
    const { node, versions } = installPeers(context.say);
    return withServer('bench-contention', context, (server) =>
      withDatabase(server, 'relay', 'relay', (relay) =>
        withDatabase(server, 'empty', 'graphile', async (graphile) => ({
          ...(await compare(relay, graphile, node, context)),
          server: await serverFacts(relay.client),
          versions,
        })),
      ),
    );
  },
};

async function compare(
  relay: RelayDatabase,
  graphile: RelayDatabase,
  node: string,
  { quick, rounds, say }: ScenarioContext,
): Promise<Omit<ScenarioResult, 'server'>> {
  for (const { client } of [relay, graphile]) await client.query(sqlFile('contention/tables.sql'));
  await relay.client.query(sqlFile('contention/grant.sql'));
  const [defaults, parallel] = [await relayArm(relay, node, false), await relayArm(relay, node, true)];
  const peer = await graphileArm(graphile, node);
  const clients = new Map([
    [defaults, relay.client],
    [parallel, relay.client],
    [peer, graphile.client],
  ]);
  const results = await interleave([...clients.keys()], rounds, async (arm, round) => {
    const result = await runRound(arm, clients.get(arm) as pg.Client, arm.events[quick ? 'quick' : 'full']);
    const { p50, p95, worst } = distribution(result.waits);
    say(
      `round ${round + 1}, ${arm.name}: ${perSecond(result)} events/s, writes p50 ${p50}, p95 ${p95}, worst ${worst} ms`,
    );
    return result;
  });
  const all = [...results].map(([arm, each]) => summary(arm, each));
  const bars = all.flatMap(({ name, judged, writes, failed }): Bar[] => [
    { name: `${name}: p95 of the application's writes, ms`, value: writes.p95, ...(judged && { most: WRITER_P95_MS }) },
    { name: `${name}: events that failed`, value: failed, ...(judged && { most: 0 }) },
  ]);
  const { passed, lines } = judge(bars, quick);
  return { passed, figures: { arms: all, bars }, lines: [...lines, '', ...table(all)] };
}

/**
 * Drains beside the application.
 * @throws Error when the rows do not have one for each event that is done and for each write, or an event of ours failed
 */
async function runRound(arm: Arm, client: pg.Client, events: number): Promise<Round> {
  const total = async () =>
    (await client.query<{ total: number }>(sqlFile('contention/total.sql'))).rows[0]?.total ?? Number.NaN;
  const before = await total();
  const writer = await Writer.start(arm.url);
  const drained = await arm.drain(events).catch(async (error) => {
    await writer.stop();
    throw error;
  });
  const writes = await writer.stop();
  const added = (await total()) - before;
  if (added !== drained.done + writes.length)
    throw new Error(`${arm.name}: ${drained.done} events and ${writes.length} writes added ${added}`);
  if (arm.judged && drained.failed > 0) throw new Error(`${arm.name}: ${drained.failed} of ${events} events failed`);
  const during = writes.filter(({ ended, ms }) => ended >= drained.began && ended - ms <= drained.ended);
  return { ...drained, waits: during.map(({ ms }) => ms) };
}

interface Summary {
  readonly name: string;
  readonly judged: boolean;
  readonly events: number;
  readonly retried: number;
  readonly failed: number;
  readonly perSecond: Spread;
  readonly writes: Distribution;
}

function summary({ name, judged }: Arm, rounds: readonly Round[]): Summary {
  const sum = (of: (round: Round) => number) => rounds.reduce((total, round) => total + of(round), 0);
  return {
    name,
    judged,
    events: sum((round) => round.done),
    retried: sum((round) => round.retried),
    failed: sum((round) => round.failed),
    perSecond: spread(rounds.map(perSecond)),
    writes: distribution(rounds.flatMap((round) => round.waits)),
  };
}

const perSecond = ({ done, began, ended }: Drained): number => Math.round((done * 1_000) / (ended - began));

function table(all: readonly Summary[]): string[] {
  return [
    '| | events | a second | retried | writes | p50 | p95 | p99 | worst, ms |',
    '|---|---:|---:|---:|---:|---:|---:|---:|---:|',
    ...all.map(
      ({ name, events, perSecond: rate, retried, writes: { count, p50, p95, p99, worst } }) =>
        `| ${name} | ${events} | ${rate.median} | ${retried} | ${count} | ${p50} | ${p95} | ${p99} | ${worst} |`,
    ),
  ];
}
