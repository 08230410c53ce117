import { type Bar, judge } from '../harness/bar.js';
import { type Distribution, distribution } from '../harness/distribution.js';
import { serverFacts } from '../harness/environment.js';
import { interleave } from '../harness/interleave.js';
import { installPeers } from '../harness/peers.js';
import { withDatabase, withServer } from '../harness/relay-database.js';
import type { Scenario, ScenarioContext, ScenarioResult } from '../harness/scenario.js';
import { sqlFile } from '../harness/sql-files.js';
import { graphileContender, handlerContender, type LatencyContender, sqlContender } from './latency/contenders.js';
import { runRound } from './latency/round.js';

/** Of the peer's figure; the last in ms. */
const AT_MOST = { p50: 1.2, p95: 1.5, p99Ms: 100 } as const;
/** What the peer had on a 2-core machine, in ms. */
const REFERENCE = { p50: 1.3, p95: 2.9 } as const;

/** From the acknowledgement of a commit to the start of what it asked for. */
export const latency: Scenario = {
  name: 'latency',
  title: 'How soon an event starts after its commit: 50 a second at random times, on an idle system',

  run(context) {
    const { node, versions } = installPeers(context.say);
    return withServer('bench-latency', context, (server) =>
      withDatabase(server, 'relay', 'pgrelay', async ({ url, client }) => {
        await client.query(sqlFile('latency/pgrelay-setup.sql'));
        const result = await measure({ pgrelay: url, graphile: await server.make('graphile') }, node, context);
        return { ...result, server: await serverFacts(client), versions };
      }),
    );
  },
};

async function measure(
  urls: Readonly<Record<LatencyContender['database'], string>>,
  node: string,
  { quick, rounds, say }: ScenarioContext,
): Promise<Omit<ScenarioResult, 'server'>> {
  const contenders = [handlerContender, sqlContender, graphileContender];
  const results = await interleave(contenders, rounds, async (contender, round) => {
    const samples = await runRound(contender, urls[contender.database], node, quick);
    const { p50, p95, p99 } = inMs(samples);
    say(`round ${round + 1}, ${contender.name}: p50 ${p50}, p95 ${p95}, p99 ${p99} ms`);
    return samples;
  });
  const pooled = (contender: LatencyContender) => inMs((results.get(contender) ?? []).flat());
  const peer = pooled(graphileContender);
  const bars = [handlerContender, sqlContender].flatMap((contender): Bar[] => {
    const { p50, p95, p99 } = pooled(contender);
    return [
      { name: `${contender.name}, p50 to graphile-worker's`, value: p50 / peer.p50, most: AT_MOST.p50 },
      { name: `${contender.name}, p95 to graphile-worker's`, value: p95 / peer.p95, most: AT_MOST.p95 },
      { name: `${contender.name}, p99, ms`, value: p99, most: AT_MOST.p99Ms },
    ];
  });
  const { passed, lines } = judge(bars, quick);
  return {
    passed,
    lines: [
      'Milliseconds from the acknowledgement of the commit, at the sender, to the start of the handler or action.',
      '',
      '| | events | p50 | p95 | p99 | worst |',
      '|---|---:|---:|---:|---:|---:|',
      ...contenders.map((contender) => row(contender.name, pooled(contender))),
      '',
      ...lines,
      '',
      `graphile-worker's reference: p50 ${REFERENCE.p50}, p95 ${REFERENCE.p95} ms; here ${peer.p50} and ${peer.p95}.`,
      ...contenders.map(({ name, settings }) => `- ${name}: ${settings}`),
    ],
    figures: {
      pooled: Object.fromEntries(contenders.map((contender) => [contender.name, pooled(contender)])),
      rounds: Object.fromEntries([...results].map(([{ name }, each]) => [name, each.map(inMs)])),
      bars,
    },
  };
}

const row = (name: string, { count, p50, p95, p99, worst }: Distribution): string =>
  `| ${name} | ${count} | ${p50} | ${p95} | ${p99} | ${worst} |`;

/** The distribution of times in ms, to the hundredth: bars are ratios of about one millisecond. */
function inMs(samples: readonly number[]): Distribution {
  const { count, ...percentiles } = distribution(samples.map((ms) => ms * 100));
  const hundredths = Object.entries(percentiles).map(([name, value]) => [name, Math.round(value) / 100]);
  return { count, ...(Object.fromEntries(hundredths) as Omit<Distribution, 'count'>) };
}
