import { setTimeout as pause } from 'node:timers/promises';
import { connect } from '../../harness/connect.js';
import type { LatencyContender, Start } from './contenders.js';
import { Sender } from './sender.js';

const PER_SECOND = 50;
/** Events that are sent first and not measured. */
const WARM = { full: 100, quick: 10 } as const;
const COUNT = { full: 1_000, quick: 50 } as const;
const IDLE_MS = { full: 3_000, quick: 500 } as const;
const PATIENCE_MS = 10_000;
const LOOK_MS = 100;

/**
 * Starts the contender, lets it go idle, sends events, and gives for each how long after the acknowledgement of its commit it
 * started, in ms: below zero when it started before the sender heard of its commit.
 * @throws Error when an event did not start, or started twice
 */
export async function runRound(
  contender: LatencyContender,
  url: string,
  node: string,
  quick: boolean,
): Promise<number[]> {
  const size = quick ? 'quick' : 'full';
  const process = await contender.start(url, node);
  const client = await connect(url, 'benchmark');
  const sender = new Sender(url);
  const untilStarted = async (count: number): Promise<readonly Start[]> => {
    const all: Start[] = [];
    for (const end = performance.now() + PATIENCE_MS; all.length < count && performance.now() < end; ) {
      await pause(LOOK_MS);
      all.push(...(await contender.starts(process, client)));
    }
    if (all.length !== count) throw new Error(`${contender.name}: ${count} events were sent and ${all.length} started`);
    return all;
  };
  try {
    await pause(IDLE_MS[size]);
    await sender.send(contender.send, contender.channel, 1, WARM[size], PER_SECOND);
    await untilStarted(WARM[size]);
    const acknowledged = await sender.send(contender.send, contender.channel, WARM[size] + 1, COUNT[size], PER_SECOND);
    const starts = new Map(await untilStarted(COUNT[size]));
    return [...acknowledged].map(([n, at]) => ((starts.get(n) ?? Number.NaN) - at) / 1_000);
  } finally {
    await sender.close();
    await client.end();
    await process.stop();
  }
}
