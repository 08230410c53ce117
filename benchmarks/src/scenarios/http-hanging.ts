import { setTimeout as pause } from 'node:timers/promises';
import { type Bar, judge } from '../harness/bar.js';
import { type Distribution, distribution } from '../harness/distribution.js';
import { serverFacts } from '../harness/environment.js';
import { interleave } from '../harness/interleave.js';
import { ratio } from '../harness/ratio.js';
import { type RelayDatabase, withDatabase, withServer } from '../harness/relay-database.js';
import type { Scenario, ScenarioContext } from '../harness/scenario.js';
import type { ServedProcess } from '../harness/served-process.js';
import { sqlFile } from '../harness/sql-files.js';
import { startProcessor, startReceiver, type Taken } from './http/programs.js';
import { addressOf } from './http-hanging/addresses.js';
import { deal } from './http-hanging/deal.js';
import { Sender } from './latency/sender.js';

const ENDPOINTS = { full: 1_000, quick: 100 } as const;
/** One in twenty hangs. */
const HANGING_SHARE = 20;
const EVENTS = { full: 6_000, quick: 200 } as const;
const PER_SECOND = 200;
const MOST = 2;
const PATIENCE_MS = 60_000;
const LOOK_MS = 50;

/** What endpoints that never answer do to the others. */
export const httpHanging: Scenario = {
  name: 'http-hanging',
  title: `How soon events are delivered to ${ENDPOINTS.full} endpoints, and when one in ${HANGING_SHARE} of them hangs`,

  run(context) {
    return withServer('bench-http-hanging', context, async (server) => {
      const receiver = await startReceiver();
      try {
        let facts: unknown;
        const arms = ['undisturbed', 'hanging'] as const;
        const results = await interleave(arms, context.rounds, (arm, round) =>
          withDatabase(server, 'relay', `hanging_${arm}_${round}`, async (database) => {
            facts = await serverFacts(database.client);
            const found = await runArm(database, receiver, arm === 'hanging', context);
            context.say(`round ${round + 1}, ${arm}: p50 ${found.p50}, p95 ${found.p95}, worst ${found.worst} ms`);
            return found;
          }),
        );
        const [calm, disturbed] = arms.map((arm) => results.get(arm) ?? []) as [Distribution[], Distribution[]];
        const p95 = ratio(
          disturbed.map((d) => d.p95),
          calm.map((d) => d.p95),
        );
        const bars: Bar[] = [
          {
            name: 'p95 of the endpoints that answer, to the undisturbed one',
            value: p95.perRound.median,
            most: MOST,
            ratio: p95,
          },
        ];
        const { passed, lines } = judge(bars, context.quick);
        const table = [
          'Milliseconds from the acknowledgement of the commit to the arrival at the receiver, at the same endpoints in both.',
          '',
          '| | round | events | p50 | p95 | p99 | worst |',
          '|---|---:|---:|---:|---:|---:|---:|',
          ...arms.flatMap((arm) =>
            (results.get(arm) ?? []).map(
              (d, n) => `| ${arm} | ${n + 1} | ${d.count} | ${d.p50} | ${d.p95} | ${d.p99} | ${d.worst} |`,
            ),
          ),
          '',
        ];
        return {
          passed,
          lines: [...table, ...lines],
          figures: { rounds: Object.fromEntries(results), bars },
          server: facts,
        };
      } finally {
        await receiver.stop();
      }
    });
  },
};

async function runArm(
  { url, client }: RelayDatabase,
  receiver: ServedProcess,
  hang: boolean,
  { quick }: ScenarioContext,
): Promise<Distribution> {
  const size = quick ? 'quick' : 'full';
  const endpoints = ENDPOINTS[size];
  const isHanging = (endpoint: number) => endpoint % HANGING_SHARE === 0;
  const all = Array.from({ length: endpoints }, (_, endpoint) => endpoint);
  await client.query(sqlFile('http/register-many.sql'), [await receiver.call('port'), endpoints]);
  await receiver.call('hang', hang ? all.filter(isHanging).map(addressOf) : []);
  const processor = await startProcessor(url);
  const sender = new Sender(url);
  try {
    // Each endpoint once, so that every connection is open and every hanging one has begun to hang.
    await sender.sendTo(sqlFile('http/notify.sql'), deal(all, endpoints), 0, PER_SECOND * 5);
    const warm = new Set(all.filter((endpoint) => !isHanging(endpoint)).map(String));
    await arrived(receiver, warm);
    const dealt = deal(all, EVENTS[size]);
    const sent = await sender.sendTo(sqlFile('http/notify.sql'), dealt, endpoints, PER_SECOND);
    const measured = new Set([...sent.keys()].filter((n) => !isHanging(dealt[n - endpoints] ?? 0)).map(String));
    const arrivals = await arrived(receiver, measured);
    return distribution(
      [...measured].map((n) => ((arrivals.get(n) ?? Number.NaN) - (sent.get(Number(n)) ?? 0)) / 1_000),
    );
  } finally {
    await sender.close();
    await receiver.call('hang', []);
    await processor.stop();
  }
}

/** When each of these bodies arrived first. @throws Error when one does not come */
async function arrived(receiver: ServedProcess, wanted: ReadonlySet<string>): Promise<Map<string, number>> {
  const found = new Map<string, number>();
  for (const end = performance.now() + PATIENCE_MS; ; ) {
    for (const [body, micros] of ((await receiver.call('taken')) as Taken).arrivals) {
      if (wanted.has(body) && !found.has(body)) found.set(body, micros);
    }
    if (found.size === wanted.size) return found;
    if (performance.now() > end) throw new Error(`${found.size} of ${wanted.size} events have arrived`);
    await pause(LOOK_MS);
  }
}
