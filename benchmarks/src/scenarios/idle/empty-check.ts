import type { Bar } from '../../harness/bar.js';
import { HandProcessor } from '../../harness/hand-processor.js';
import type { RelayDatabase } from '../../harness/relay-database.js';
import { spread } from '../../harness/spread.js';
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
    { name: 'empty check of one channel, pages', value: one.pages, most: PAGES },
    { name: 'empty check of one channel, server time, ms', value: one.ms, most: ONE_MS },
    { name: `empty check of ${LANES} lanes, server time, ms`, value: many.ms, most: MANY_MS },
  ];
  return { checks: [one, many], bars };
}

/** The median of many checks with the marks of a Processor that has been idle for a while. */
async function check(url: string, lanes: number, quick: boolean): Promise<EmptyCheck> {
  const processor = await HandProcessor.attach(url);
  try {
    await processor.tick();
    const costs = await processor.emptyChecks(quick ? CALLS.quick : CALLS.full);
    return {
      lanes,
      pages: spread(costs.map(({ pages }) => pages)).median,
      ms: spread(costs.map(({ ms }) => ms)).median,
    };
  } finally {
    await processor.close();
  }
}
