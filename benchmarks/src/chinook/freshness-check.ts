import type pg from 'pg';
import type { Belongings } from './belongings.js';
import { pick } from './belongings.js';
import type { Counts } from './counts.js';
import { Transaction } from './transaction.js';

export const views = ['sales_by_genre_month', 'customers_by_value', 'playlist_popularity'] as const;
export type View = (typeof views)[number];

/** Months after January 2000 from which on each writer has some of its own. */
const FIRST_OWN_MONTH = 1_200;
const OWN_MONTHS = 100;

/**
 * Changes something that only this writer changes, commits, waits until the view holds that transaction, and reads its
 * own row: it must be what the transaction saw in the tables.
 */
export async function checkFreshness(
  client: pg.Client,
  counts: Counts,
  own: Belongings,
  writer: number,
  view: View,
): Promise<void> {
  let key = 0;
  let before = '';
  let expected = '';
  const token = await Transaction.run(client, counts, async (tx) => {
    const change = await prepare(tx, own, writer, view);
    key = change.key;
    before = await tx.call<string>('own_value', view, key);
    await change.make();
    expected = await tx.call<string>('own_value', view, key);
    return change.afterwards;
  });
  const begin = performance.now();
  const { rows } = await client.query<{ fresh: boolean }>(
    "select pgauto_mv.wait_until_fresh($1::regclass, $2, '1 min') as fresh",
    [`public.${view}`, token],
  );
  counts.worstFreshWaitMs = Math.max(counts.worstFreshWaitMs, performance.now() - begin);
  const read = await client.query<{ value: string }>('select soak.seen_value($1, $2) as value', [view, key]);
  const seen = read.rows[0]?.value;
  if (rows[0]?.fresh === true && seen === expected && expected !== before) counts.fresh += 1;
  else counts.failures.push(`${view} ${key}: was ${before}, should be ${expected}, is ${seen}`);
}

interface Change {
  readonly key: number;
  make(): Promise<unknown>;
  afterwards(): void;
}

async function prepare(tx: Transaction, own: Belongings, writer: number, view: View): Promise<Change> {
  const afterwards = () => undefined;
  if (view === 'customers_by_value') {
    const key = own.customer();
    return { key, make: () => tx.call('new_invoice', key, '2024-02-29', 2), afterwards };
  }
  if (view === 'sales_by_genre_month') {
    const key = FIRST_OWN_MONTH + writer * OWN_MONTHS + Math.floor(Math.random() * OWN_MONTHS);
    const date = new Date(Date.UTC(2000, key, 10)).toISOString().slice(0, 10);
    return { key, make: () => tx.call('new_invoice', own.lastingCustomer(), date, 3), afterwards };
  }
  const known = pick(own.playlists);
  const key = known ?? (await tx.call<number>('new_playlist', writer));
  const make = () => tx.call('fill_playlist', key, 12);
  return { key, make, afterwards: () => void (known ?? own.playlists.push(key)) };
}
