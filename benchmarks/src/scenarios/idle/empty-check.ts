import { type Bar, median } from '../../harness/bars.js';
import { HandProcessor } from '../../harness/hand-processor.js';
import type { RelayDatabase } from '../../harness/relay-database.js';
import { sqlFile } from '../../harness/sql-files.js';

const CALLS = { full: 1_000, quick: 20 } as const;
const LANES = 100;
const PAGES = 4;
const ONE_MS = 0.1;
const MANY_MS = 1.5;

export interface EmptyCheck {
  readonly lanes: number;
  readonly pages: number;
  readonly ms: number;
}

/** What it costs the server to find that there is nothing to do: with one channel, then with a hundred. */
export async function measureEmptyCheck({ url, client }: RelayDatabase, quick: boolean) {
  const [one, many] = [await check(url, 1, quick), await withMoreChannels()];
  async function withMoreChannels(): Promise<EmptyCheck> {
    for (let n = 2; n <= LANES; n += 1) await client.query(sqlFile('idle/register.sql'), [n]);
    return check(url, LANES, quick);
  }
  const bars: Bar[] = [
    { what: 'empty check of one channel, pages', measured: one.pages, atMost: PAGES },
    { what: 'empty check of one channel, server time', measured: one.ms, atMost: ONE_MS, unit: 'ms' },
    { what: `empty check of ${LANES} lanes, server time`, measured: many.ms, atMost: MANY_MS, unit: 'ms' },
  ];
  return { checks: [one, many], bars };
}

/** The median of many checks with the marks of a Processor that has been idle for a while. */
async function check(url: string, lanes: number, quick: boolean): Promise<EmptyCheck> {
  const processor = await HandProcessor.attach(url);
  try {
    await processor.tick();
    const costs = await processor.emptyChecks(quick ? CALLS.quick : CALLS.full);
    return { lanes, pages: median(costs.map(({ pages }) => pages)), ms: median(costs.map(({ ms }) => ms)) };
  } finally {
    await processor.close();
  }
}
