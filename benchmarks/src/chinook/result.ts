import type pg from 'pg';
import type { Counts } from './counts.js';
import type { SoakOptions } from './options.js';
import { WANTED } from './share-out.js';

export interface ViewResult {
  readonly view: string;
  readonly rows: number;
  readonly missing: number;
  readonly surplus: number;
}

export interface SoakResult {
  readonly ok: boolean;
  /** What was not as it should be; empty when ok. */
  readonly failures: readonly string[];
  readonly seconds: number;
  readonly writers: number;
  readonly transactions: number;
  readonly committed: number;
  readonly rolledBack: number;
  readonly truncates: number;
  readonly openLongerThan3s: number;
  readonly freshAndSeen: number;
  readonly refreshes: number;
  readonly failedRefreshes: number;
  readonly worstStaleMs: number;
  readonly worstWaitUntilFreshMs: number;
  readonly worstWriterWaitMs: number;
  readonly worstWriterStatement: string;
  readonly worstTruncateMs: number;
  readonly looks: number;
  readonly looksWithWaitingWriter: number;
  readonly looksWithWriterWaitingForRelay: number;
  readonly views: readonly ViewResult[];
}

/** Compares every view with its query and judges the whole run. */
export async function soakResult(
  client: pg.Client,
  options: SoakOptions,
  counts: Counts,
  seconds: number,
): Promise<SoakResult> {
  const compared = await client.query<{ view_name: string; view_rows: number; missing: number; surplus: number }>(
    'select * from soak.differences()',
  );
  const totals = await client.query<{ refreshes: number; failures: number; dead: number; problems: string[] }>(
    'select * from soak.totals()',
  );
  const total = totals.rows[0] ?? { refreshes: 0, failures: 0, dead: 0, problems: [] };
  const views = compared.rows.map(({ view_name: view, view_rows: rows, missing, surplus }) => ({
    view,
    rows,
    missing,
    surplus,
  }));
  const failures = [
    ...counts.failures,
    ...views.filter((v) => v.missing + v.surplus > 0).map((v) => `${v.view} differs from its query`),
    ...(views.length === 3 ? [] : [`${views.length} views are registered, not 3`]),
    ...(total.dead === 0 ? [] : [`${total.dead} events failed`]),
    ...total.problems,
    ...tooFew('transactions', counts.transactions, options.transactions),
    ...tooFew('times fresh and seen', counts.fresh, WANTED.checks),
    ...tooFew('transactions open for more than 3 s', counts.long, WANTED.long),
    ...tooFew('TRUNCATEs', counts.truncates, WANTED.truncates),
    ...tooFew('rolled back', counts.rolledBack, 1),
  ];
  return {
    ok: failures.length === 0,
    failures,
    seconds,
    writers: options.writers,
    transactions: counts.transactions,
    committed: counts.committed,
    rolledBack: counts.rolledBack,
    truncates: counts.truncates,
    openLongerThan3s: counts.long,
    freshAndSeen: counts.fresh,
    refreshes: total.refreshes,
    failedRefreshes: total.failures,
    worstStaleMs: counts.worstStaleMs,
    worstWaitUntilFreshMs: counts.worstFreshWaitMs,
    worstWriterWaitMs: counts.worstStatementMs,
    worstWriterStatement: counts.worstStatement,
    worstTruncateMs: counts.worstTruncateMs,
    looks: counts.looks,
    looksWithWaitingWriter: counts.looksWithWaiting,
    looksWithWriterWaitingForRelay: counts.looksWaitingForRelay,
    views,
  };
}

function tooFew(what: string, count: number, wanted: number): string[] {
  return count >= wanted ? [] : [`${what}: ${count} of ${wanted}`];
}

/** The result in some lines. */
export function tell(r: SoakResult): string[] {
  const ms = (value: number) => `${value.toFixed(0)} ms`;
  return [
    `${r.transactions} transactions by ${r.writers} writers in ${r.seconds.toFixed(0)} s: ${r.committed} committed, ${r.rolledBack} rolled back, ` +
      `${r.truncates} TRUNCATEs, ${r.openLongerThan3s} open for more than 3 s.`,
    `${r.freshAndSeen} times wait_until_fresh() of an own transaction, and the read after it saw the own change; the longest wait ${ms(r.worstWaitUntilFreshMs)}.`,
    `${r.refreshes} refreshes (${r.failedRefreshes} more failed and were made again); worst staleness ${ms(r.worstStaleMs)}, ` +
      'from the write on, so that the time its transaction stayed open counts.',
    `Worst writer wait ${ms(r.worstWriterWaitMs)} (${r.worstWriterStatement}), a TRUNCATE ${ms(r.worstTruncateMs)}; ` +
      `of ${r.looks} looks at the server ${r.looksWithWaitingWriter} found a writer (TRUNCATE apart) waiting for a lock, ${r.looksWithWriterWaitingForRelay} for one of the relay.`,
    ...r.views.map((v) => `${v.view}: ${v.rows} rows, ${v.missing} missing, ${v.surplus} too many.`),
    r.ok ? 'All checks passed.' : `FAILED:\n  ${r.failures.join('\n  ')}`,
  ];
}
