import type pg from 'pg';
import { type Figures, readFigures } from './figures.js';
import { count, duration } from './format.js';

export interface Summary {
  readonly pattern: string;
  readonly equal: boolean;
  /** Rows the query gives and the view lacks, and the other way round. */
  readonly missing: number;
  readonly surplus: number;
  readonly viewRows: number;
  readonly figures: Figures;
  /** How long the unluckiest write had to wait for a refresh that has it. */
  readonly worstStaleMs: number | null;
  /** Looks at the server that found a writer waiting for the refresh. */
  readonly looksWithWaiting: number;
  /** Orders placed, and receipts their events printed; null where nothing is delivered. */
  readonly orders: number | null;
  readonly receipts: number | null;
  readonly ordersWithReceipt: number | null;
}

interface Totals {
  readonly worst_stale_ms: number | null;
  readonly orders: number | null;
  readonly receipts: number | null;
  readonly orders_with_receipt: number | null;
}

/** Compares the view with its query, both ways, and adds the figures of the whole run. */
export async function summarise(client: pg.Client, pattern: string, looksWithWaiting: number): Promise<Summary> {
  const figures = await readFigures(client, '10 years');
  const totals = (await client.query<Totals>('select * from demo.totals()')).rows[0];
  const difference = (
    await client.query<{ missing: number; surplus: number; view_rows: number }>('select * from demo.difference()')
  ).rows[0];
  const { missing, surplus, view_rows: viewRows } = difference ?? { missing: 0, surplus: 0, view_rows: 0 };
  return {
    pattern,
    equal: difference !== undefined && missing === 0 && surplus === 0,
    missing,
    surplus,
    viewRows,
    figures,
    worstStaleMs: totals?.worst_stale_ms ?? null,
    looksWithWaiting,
    orders: totals?.orders ?? null,
    receipts: totals?.receipts ?? null,
    ordersWithReceipt: totals?.orders_with_receipt ?? null,
  };
}

/** Whether every order's event was delivered, just once. */
export function deliveredOnce({ orders, receipts, ordersWithReceipt }: Summary): boolean {
  return orders === receipts && orders === ordersWithReceipt;
}

/** The summary in a few lines. */
export function tell(summary: Summary): string[] {
  const { figures: f, missing, surplus } = summary;
  const verdict = summary.equal
    ? `The view equals its query: ${count(summary.viewRows)} rows, compared both ways.`
    : `THE VIEW DIFFERS from its query: ${count(missing)} rows are missing, ${count(surplus)} are wrong.`;
  const delivery = deliveredOnce(summary)
    ? `${count(summary.orders ?? 0)} orders, each with exactly one receipt.`
    : `EVENTS DIFFER: ${summary.orders} orders, ${summary.receipts} receipts, for ${summary.ordersWithReceipt} of them.`;
  return [
    `${count(f.writes)} writes and ${count(f.refreshes)} refreshes in ${f.seconds.toFixed(0)} s; no write was missing from the view longer than ${duration(summary.worstStaleMs)}.`,
    `The slowest write took ${duration(f.during.worst)} during a refresh and ${duration(f.outside.worst)} outside one.`,
    ...(summary.orders === null ? [] : [delivery]),
    verdict,
  ];
}
