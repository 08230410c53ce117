import type pg from 'pg';
import { type Bar, judge } from '../harness/bar.js';
import { BenchServer } from '../harness/bench-server.js';
import { checkLedger, type Measured, type Pages, pagesPerEvent, registerMeasured } from '../harness/claim-pages.js';
import { connect } from '../harness/connect.js';
import { startBinary } from '../harness/engine-process.js';
import { serverFacts } from '../harness/environment.js';
import { HandProcessor } from '../harness/hand-processor.js';
import { interleave } from '../harness/interleave.js';
import { type Ratio, ratio } from '../harness/ratio.js';
import { migrateRelay } from '../harness/relay-database.js';
import { enqueue, runRelayDrain } from '../harness/relay-drain.js';
import { drainHead, drainRow } from '../harness/relay-drain-table.js';
import type { Scenario, ScenarioContext, ScenarioResult } from '../harness/scenario.js';
import { runFolder, sqlFile } from '../harness/sql-files.js';
import { type Backlog, backlogs } from './backlog/backlogs.js';

const PRIORITIES = [1, 3] as const;
const PAGES_AT_MOST = 1.1;
const RATE_AT_LEAST = 0.85;
const CHANNEL = 'backlog.drained';
/**
 * Events of a channel that no Processor serves, in every database and behind the backlog: so the indexes of all databases have the
 * same depth, which is what the size of a queue costs, and no cost of a backlog.
 */
const BEHIND = { full: 200_000, quick: 5_000 } as const;
const EVENTS = { full: 500_000, quick: 2_000 } as const;

/** A database with one of the backlogs. */
interface Arm {
  readonly backlog: Backlog;
  readonly url: string;
  readonly client: pg.Client;
  readonly channels: readonly Measured[];
}

/** What waits and may not run costs those that run nothing. */
export const backlog: Scenario = {
  name: 'backlog',
  title: 'Claims and drains beside a million delayed events, and behind 100,000 of a paused channel',

  async run(context) {
    const server = await BenchServer.open('bench-backlog', context.database, context.say);
    const arms: Arm[] = [];
    try {
      for (const each of backlogs) arms.push(await openArm(server, each, context.quick));
      return await measure(arms, context);
    } finally {
      for (const { client } of arms) await client.end();
      await server.close();
    }
  },
};

async function openArm(server: BenchServer, each: Backlog, quick: boolean): Promise<Arm> {
  const url = await server.make(each.name);
  await migrateRelay(url);
  const client = await connect(url, 'benchmark');
  const channels = await registerMeasured(client, PRIORITIES);
  await client.query(sqlFile('engine/register.sql'), [CHANNEL, 'select $1']);
  await each.fill(client, quick);
  await client.query(sqlFile('engine/register.sql'), ['backlog.behind', null]);
  await enqueue(client, 'backlog.behind', quick ? BEHIND.quick : BEHIND.full);
  await runFolder(client, 'engine/settle');
  return { backlog: each, url, client, channels };
}

async function measure(arms: readonly Arm[], { quick, rounds, say }: ScenarioContext): Promise<ScenarioResult> {
  const pages = new Map<Arm, readonly Pages[]>();
  for (const arm of arms) {
    pages.set(arm, await measurePages(arm, quick));
    say(`${arm.backlog.title}: pages are measured`);
  }
  const drains = await interleave(arms, rounds, async ({ url, client, backlog: { title } }, round) => {
    const events = quick ? EVENTS.quick : EVENTS.full;
    const drain = await runRelayDrain(client, CHANNEL, events, () => startBinary(url, client));
    say(`round ${round + 1}, ${title}: ${drain.perSecond} events/s`);
    return drain;
  });
  const rates = new Map([...drains].map(([arm, each]) => [arm, each.map(({ perSecond }) => perSecond)]));
  const [base, ...others] = arms as [Arm, ...Arm[]];
  const bars = others.flatMap((arm): Bar[] => [
    ...pageBars(arm, pages.get(base) ?? [], pages.get(arm) ?? []),
    rateBar(arm, ratio(rates.get(arm) ?? [], rates.get(base) ?? [])),
  ]);
  const { passed, lines } = judge(bars, quick);
  const ratesTable = arms.map((arm) => drainRow(arm.backlog.title, drains.get(arm) ?? []));
  const pagesTable = arms.flatMap((arm) =>
    (pages.get(arm) ?? []).flatMap((each, index) =>
      [...each].map(
        ([batch, n]) => `| ${arm.backlog.title} | ${nameOf(arm.channels[index])} of ${batch} | ${n.toFixed(2)} |`,
      ),
    ),
  );
  return {
    passed,
    lines: [
      ...lines,
      '',
      ...drainHead,
      ...ratesTable,
      '',
      '| beside | claim | pages an event |',
      '|---|---|---:|',
      ...pagesTable,
    ],
    figures: { bars, drains: Object.fromEntries(arms.map((arm) => [arm.backlog.name, drains.get(arm)])) },
    server: await serverFacts(base.client),
  };
}

async function measurePages({ url, client, channels }: Arm, quick: boolean): Promise<readonly Pages[]> {
  const processor = await HandProcessor.attach(url);
  try {
    const pages: Pages[] = [];
    for (const channel of channels) pages.push(await pagesPerEvent(processor, channel, quick));
    await checkLedger(client, channels, processor.ended);
    return pages;
  } finally {
    await processor.close();
  }
}

function pageBars(arm: Arm, without: readonly Pages[], beside: readonly Pages[]): Bar[] {
  return beside.flatMap((pages, index) =>
    [...pages].map(([batch, n]) => ({
      name: `pages per event of a ${nameOf(arm.channels[index])} of ${batch}, ${arm.backlog.title}, to nothing besides`,
      value: n / (without[index]?.get(batch) ?? Number.NaN),
      most: PAGES_AT_MOST,
    })),
  );
}

function rateBar(arm: Arm, toNothing: Ratio): Bar {
  const name = `drain rate, ${arm.backlog.title}, to nothing besides`;
  return { name, value: toNothing.perRound.median, ratio: toNothing, least: RATE_AT_LEAST };
}

const nameOf = (channel: Measured | undefined): string =>
  channel === undefined
    ? ''
    : `${channel.path}, ${channel.priorities === 1 ? 'one priority' : `${channel.priorities} priorities`},`;
