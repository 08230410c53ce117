import { setTimeout as pause } from 'node:timers/promises';
import { type Bar, judge } from '../harness/bar.js';
import { serverFacts } from '../harness/environment.js';
import { interleave } from '../harness/interleave.js';
import { ratio } from '../harness/ratio.js';
import { type RelayDatabase, withDatabase, withServer } from '../harness/relay-database.js';
import type { Scenario, ScenarioContext } from '../harness/scenario.js';
import type { ServedProcess } from '../harness/served-process.js';
import { spread } from '../harness/spread.js';
import { sqlFile } from '../harness/sql-files.js';
import { startBare, startProcessor, startReceiver, type Taken } from './http/programs.js';

const EVENTS = { full: 20_000, quick: 500 } as const;
/** Requests under way at once: the plugin's limit for an origin, and the loop's. */
const CONCURRENCY = 64;
/** Events that a Processor has in hand at once: those under way, and those whose ends are being written down. */
const IN_HAND = 1_000;
const LEAST_SHARE = 0.4;
const GOAL_PER_SECOND = 2_000;
const BODY = JSON.stringify({ type: 'order.placed', data: { id: 123_456, text: 'x'.repeat(400) } });
const LOOK_MS = 10;
const PATIENCE_MS = 300_000;

/** How many deliveries a second, beside a loop that does nothing but send. */
export const http: Scenario = {
  name: 'http',
  title: `Deliveries of ${BODY.length} octets a second, beside a bare undici loop with the same body`,

  run(context) {
    return withServer('bench-http', context, async (server) => {
      const receiver = await startReceiver();
      const bare = await startBare();
      try {
        const url = `http://127.0.0.1:${await receiver.call('port')}/`;
        let facts: unknown;
        const contenders = ['pgrelay', 'undici'] as const;
        const results = await interleave(contenders, context.rounds, async (contender, round) => {
          const perSecond =
            contender === 'undici'
              ? await runBare(bare, receiver, url, context)
              : await withDatabase(server, 'relay', `http_${round}`, async (database) => {
                  facts = await serverFacts(database.client);
                  return runRelay(database, receiver, url, context);
                });
          context.say(`round ${round + 1}, ${contender}: ${Math.round(perSecond)} a second`);
          return perSecond;
        });
        const [ours, theirs] = contenders.map((contender) => results.get(contender) ?? []) as [number[], number[]];
        const share = ratio(ours, theirs);
        const bars: Bar[] = [
          { name: "share of the loop's throughput", value: share.perRound.median, least: LEAST_SHARE, ratio: share },
          { name: 'deliveries a second', value: spread(ours).median, goal: GOAL_PER_SECOND },
          { name: 'requests a second of the loop', value: spread(theirs).median },
        ];
        const { passed, lines } = judge(bars, context.quick);
        return { passed, lines, figures: { perSecond: { pgrelay: ours, undici: theirs }, bars }, server: facts };
      } finally {
        await bare.stop();
        await receiver.stop();
      }
    });
  },
};

async function runBare(bare: ServedProcess, receiver: ServedProcess, url: string, { quick }: ScenarioContext) {
  const requests = quick ? EVENTS.quick : EVENTS.full;
  await bare.call('run', { url, body: BODY, requests: CONCURRENCY * 4, concurrency: CONCURRENCY });
  await receiver.call('taken');
  const ms = (await bare.call('run', { url, body: BODY, requests, concurrency: CONCURRENCY })) as number;
  await check(receiver, requests);
  return requests / (ms / 1_000);
}

/** From the permission to run until nothing waits or runs any more; every end and every attempt is written down by then. */
async function runRelay(
  { url, client }: RelayDatabase,
  receiver: ServedProcess,
  target: string,
  { quick }: ScenarioContext,
) {
  const events = quick ? EVENTS.quick : EVENTS.full;
  await client.query(sqlFile('http/register.sql'), [target, IN_HAND]);
  await client.query(sqlFile('http/load.sql'), [events, BODY]);
  await client.query(sqlFile('drain/pgrelay/settle.sql'));
  const processor = await startProcessor(url);
  try {
    await receiver.call('taken');
    const began = performance.now();
    await client.query(sqlFile('http/go.sql'));
    while ((await client.query<{ pending: boolean }>(sqlFile('http/pending.sql'))).rows[0]?.pending !== false) {
      processor.check();
      if (performance.now() - began > PATIENCE_MS) throw new Error(`events are left after ${PATIENCE_MS} ms`);
      await pause(LOOK_MS);
    }
    const ms = performance.now() - began;
    await check(receiver, events);
    const [ledger] = (await client.query(sqlFile('http/ledger.sql'))).rows;
    const right = { ended: events, done: events, attempts: events, good: events };
    if (JSON.stringify(ledger) !== JSON.stringify(right))
      throw new Error(`the audit is ${JSON.stringify(ledger)} and must be ${JSON.stringify(right)}`);
    return events / (ms / 1_000);
  } finally {
    await processor.stop();
  }
}

async function check(receiver: ServedProcess, requests: number): Promise<void> {
  const { count } = (await receiver.call('taken')) as Taken;
  if (count !== requests) throw new Error(`the receiver got ${count} requests of ${requests}`);
}
