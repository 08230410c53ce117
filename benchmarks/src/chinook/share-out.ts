import type { SoakOptions } from './options.js';
import type { Share } from './writer.js';

/** What the issue that asked for the soak wants at least. */
export const WANTED = { checks: 200, long: 24, truncates: 5 } as const;

/** Shares the transactions out to the writers, the special ones as evenly as it goes. */
export function shareOut({ transactions, writers }: Pick<SoakOptions, 'transactions' | 'writers'>): Share[] {
  const part = (all: number, index: number) =>
    Math.floor(((index + 1) * all) / writers) - Math.floor((index * all) / writers);
  return Array.from({ length: writers }, (_, index) => ({
    index,
    writers,
    transactions: part(transactions, index),
    checks: part(WANTED.checks, index),
    long: part(WANTED.long, index),
    truncates: part(WANTED.truncates, index),
  }));
}
