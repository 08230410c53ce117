import type { Bar } from '../../harness/bar.js';
import {
  BATCHES,
  checkLedger,
  type Measured,
  type Pages,
  pagesPerEvent,
  registerMeasured,
} from '../../harness/claim-pages.js';
import { HandProcessor } from '../../harness/hand-processor.js';
import { HeldSnapshot } from '../../harness/held-snapshot.js';
import type { RelayDatabase } from '../../harness/relay-database.js';

const DEAD = { full: [100_000, 1_000_000], quick: [1_000, 5_000] } as const;
const PRIORITIES = [1, 3] as const;
const DEAD_AT_ONCE = { full: 10_000, quick: 1_000 } as const;
const AT_MOST = 1.2;

export interface DeadRowPages {
  readonly channel: string;
  readonly path: string;
  readonly priorities: number;
  readonly deadRows: readonly number[];
  /** By batch size: pages per event after the smaller and the larger number of dead rows. */
  readonly pages: Readonly<Record<number, readonly number[]>>;
}

/** Pages read per claimed event while a snapshot keeps every row of the events that have ended. */
export async function measurePages({ url, client }: RelayDatabase, quick: boolean, say: (text: string) => void) {
  const channels = await registerMeasured(client, PRIORITIES);
  const processor = await HandProcessor.attach(url);
  const snapshot = await HeldSnapshot.take(url);
  const results: DeadRowPages[] = [];
  try {
    for (const channel of channels) results.push(await measureChannel(processor, channel, quick, say));
    await checkLedger(client, channels, processor.ended);
  } finally {
    await snapshot.release();
    await processor.close();
  }
  return { results, bars: results.flatMap(bars) };
}

async function measureChannel(
  processor: HandProcessor,
  channel: Measured,
  quick: boolean,
  say: (text: string) => void,
): Promise<DeadRowPages> {
  const deadRows = quick ? DEAD.quick : DEAD.full;
  const atOnce = quick ? DEAD_AT_ONCE.quick : DEAD_AT_ONCE.full;
  const measured: Pages[] = [];
  let dead = 0;
  for (const wanted of deadRows) {
    for (; dead < wanted; dead += atOnce)
      await processor.leaveDead(channel.path, channel.id, channel.name, atOnce, channel.priorities);
    const pages = await pagesPerEvent(processor, channel, quick);
    measured.push(pages);
    say(`${channel.name}, ${wanted} dead: ${[...pages].map(([batch, n]) => `${batch}: ${n.toFixed(2)}`).join(', ')}`);
  }
  const pages = Object.fromEntries(
    BATCHES.map((batch) => [batch, measured.map((one) => one.get(batch) ?? Number.NaN)]),
  );
  return { channel: channel.name, path: channel.path, priorities: channel.priorities, deadRows, pages };
}

function bars({ path, priorities, pages, deadRows }: DeadRowPages): Bar[] {
  return BATCHES.map((batch) => {
    const [few = Number.NaN, many = Number.NaN] = pages[batch] ?? [];
    const lanes = priorities === 1 ? 'one priority' : `${priorities} priorities`;
    const name = `pages per event of a ${path} of ${batch}, ${lanes}: ${deadRows.at(-1)} dead to ${deadRows[0]}`;
    return { name, value: many / few, most: AT_MOST };
  });
}

export function pagesTable(results: readonly DeadRowPages[]): string[] {
  return [
    '| pages read an event | priorities | batch | few dead rows | many | that is |',
    '|---|---:|---:|---:|---:|---|',
    ...results.flatMap(({ path, priorities, deadRows, pages }) =>
      Object.entries(pages).map(
        ([batch, each]) =>
          `| ${path} | ${priorities} | ${batch} | ${each.map((n) => n.toFixed(2)).join(' | ')} | ${deadRows.join(' and ')} |`,
      ),
    ),
  ];
}
