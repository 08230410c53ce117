import type pg from 'pg';
import { type Bar, judge } from '../harness/bar.js';
import { type Distribution, distribution } from '../harness/distribution.js';
import { startBinary } from '../harness/engine-process.js';
import { serverFacts } from '../harness/environment.js';
import { type RelayDatabase, withRelayDatabase } from '../harness/relay-database.js';
import type { Scenario, ScenarioContext } from '../harness/scenario.js';
import { type Spread, spread } from '../harness/spread.js';
import { runFolder, sqlFile } from '../harness/sql-files.js';
import { type Drain, lastId, rate, untilDrained } from '../harness/until-drained.js';
import { Writer } from './contention/writer.js';

const WORKERS = 4;
const ENQUEUE_AT_ONCE = 10_000;
const TIMEOUT_MS = 300_000;
const WRITER_P95_MS = 50;
const EVENTS = {
  full: { 'contention.default': 200_000, 'contention.parallel': 80_000 },
  quick: { 'contention.default': 1_000, 'contention.parallel': 1_000 },
} as const;
type Channel = keyof (typeof EVENTS)['full'];

interface Round extends Drain {
  /** How long the application's writes took that overlap the drain, in ms. */
  readonly waits: readonly number[];
  /** All of its writes. */
  readonly writes: number;
}

/** Actions and an application that update the same rows: neither fails the other, and the application waits little. */
export const contention: Scenario = {
  name: 'contention',
  title: 'Four workers and an application update the same 100 rows',
  run: (context) => withRelayDatabase('bench-contention', context, (database) => measure(database, context)),
};

async function measure({ url, client }: RelayDatabase, { quick, rounds, say }: ScenarioContext) {
  await runFolder(client, 'contention/setup');
  const results = new Map<Channel, Round[]>([
    ['contention.default', []],
    ['contention.parallel', []],
  ]);
  let updates = 0;
  for (let n = 1; n <= rounds; n += 1) {
    for (const [channel, all] of results) {
      const round = await run(url, client, channel, EVENTS[quick ? 'quick' : 'full'][channel]);
      all.push(round);
      updates += round.done + round.writes;
      await checkLedger(client, updates);
      const { p50, p95, worst } = distribution(round.waits);
      say(
        `round ${n}, ${channel}: ${Math.round(rate(round))} events/s, writes p50 ${p50}, p95 ${p95}, worst ${worst} ms`,
      );
    }
  }
  const all = [...results].map(([channel, each]) => summary(channel, each));
  const bars = all.flatMap<Bar>(({ channel, writes, failed }) => [
    { name: `${channel}: p95 of the application's writes, ms`, value: writes.p95, most: WRITER_P95_MS },
    { name: `${channel}: events that failed`, value: failed, most: 0 },
  ]);
  const { passed, lines } = judge(bars, quick);
  return { passed, figures: all, lines: [...lines, '', ...all.map(describe)], server: await serverFacts(client) };
}

async function run(url: string, client: pg.Client, channel: Channel, events: number): Promise<Round> {
  const since = await lastId(client);
  for (let left = events; left > 0; left -= ENQUEUE_AT_ONCE)
    await client.query(sqlFile('contention/enqueue.sql'), [channel, Math.min(left, ENQUEUE_AT_ONCE)]);
  const writer = await Writer.start(url);
  try {
    const processor = await startBinary(url, client, { workers: WORKERS });
    try {
      const drain = await untilDrained(client, channel, since, events, TIMEOUT_MS);
      const writes = await writer.stop();
      const during = writes.filter(({ ended, ms }) => ended >= drain.began && ended - ms <= drain.ended);
      return { ...drain, waits: during.map(({ ms }) => ms), writes: writes.length };
    } finally {
      await processor.stop();
    }
  } finally {
    await writer.stop();
  }
}

/** Each event that is logged as done, and each write, added one: nothing was lost or done twice. */
async function checkLedger(client: pg.Client, updates: number): Promise<void> {
  const [row] = (await client.query<{ total: number; failed: number }>(sqlFile('contention/total.sql'))).rows;
  if (row?.failed !== 0) throw new Error(`${row?.failed} events failed`);
  if (row.total !== updates) throw new Error(`${updates} updates were counted, and the rows have ${row.total}`);
}

interface Summary {
  readonly channel: Channel;
  readonly events: number;
  readonly retried: number;
  readonly failed: number;
  readonly perSecond: Spread;
  readonly writes: Distribution;
}

function summary(channel: Channel, rounds: readonly Round[]): Summary {
  const sum = (of: (round: Round) => number) => rounds.reduce((total, round) => total + of(round), 0);
  return {
    channel,
    events: sum((round) => round.done),
    retried: sum((round) => round.retried),
    failed: sum((round) => round.failed),
    perSecond: spread(rounds.map((round) => Math.round(rate(round)))),
    writes: distribution(rounds.flatMap((round) => round.waits)),
  };
}

const describe = ({ channel, events, retried, perSecond, writes }: Summary): string =>
  `${channel}: ${events} events, ${perSecond.median} events/s (median), ${retried} retried; ` +
  `${writes.count} writes, p50 ${writes.p50}, p99 ${writes.p99}, worst ${writes.worst} ms.`;
