import type { Counts } from './counts.js';

/** What the database says in the end. */
export interface Totals {
  /** Comparisons inside refreshes, and what they found. */
  readonly inside: number;
  readonly wrong: readonly string[];
  readonly refreshes: number;
  readonly asked: number;
  readonly failed: number;
  readonly skipped: number;
  /** Comparisons by auto-mv's own verification that told something, and the incidents it made. */
  readonly verified: number;
  readonly incidents: readonly string[];
}

/** A run that did less has shown nothing. */
export interface Least {
  /** Comparisons, those inside refreshes included. */
  readonly checks: number;
  readonly inside: number;
  readonly kills: number;
}

export interface SoakResult {
  readonly seed: number;
  readonly seconds: number;
  readonly checks: number;
  readonly counts: Omit<Counts, 'contents'> & { readonly contents: number };
  readonly totals: Totals;
  /** What was wrong; empty when all is well. */
  readonly failures: readonly string[];
}

export function soakResult(seed: number, seconds: number, counts: Counts, totals: Totals, least: Least): SoakResult {
  const checks = counts.checks + totals.inside;
  const failures = [
    ...new Set([...counts.failures, ...totals.wrong, ...totals.incidents]),
    ...tooFew('checks', checks, least.checks),
    ...tooFew('checks inside refreshes', totals.inside, least.inside),
    ...tooFew('verifications', totals.verified, 1),
    ...tooFew('Processors killed', counts.kills, least.kills),
    ...tooFew('transactions committed', counts.committed, 1),
    ...tooFew('transactions rolled back', counts.rolledBack, 1),
    ...tooFew('transactions committed in two phases', counts.twoPhaseCommitted, 1),
    ...tooFew('savepoints', counts.savepoints, 1),
    ...tooFew('transactions held open', counts.long, 1),
    ...tooFew('changes of tables', counts.ddl, 1),
    ...tooFew('refreshes that were asked for', counts.asked, 1),
    ...tooFew('refreshes seen in pg_locks', counts.refreshing, 1),
  ];
  return { seed, seconds, checks, counts: { ...counts, contents: counts.contents.size }, totals, failures };
}

function tooFew(what: string, count: number, wanted: number): string[] {
  return count >= wanted ? [] : [`${what}: ${count}, and at least ${wanted} are needed to show anything`];
}

/** The result in some lines; checks and failures first. */
export function tell({ seed, seconds, checks, counts, totals, failures }: SoakResult): string[] {
  return [
    `${checks} checks, ${failures.length} failures; seed ${seed}, ${seconds.toFixed(0)} s.`,
    `${counts.checks} times a view was compared with its query in one snapshot with nothing unserved (${counts.contents} different contents; ` +
      `${counts.unserved} more looks found something unserved, ${counts.busy} no lock in time); ${totals.inside} times inside a refresh, before its commit.`,
    `${totals.refreshes} refreshes, ${totals.asked} of them for one of ${counts.asked} requests; ${totals.failed} failed and were made again, ${totals.skipped} were skipped since another was in progress.`,
    `${totals.verified} times auto-mv verified a view itself, with ${totals.incidents.length} incidents.`,
    `${counts.looks} looks at pg_locks saw ${counts.refreshing} refreshes, never two of one view${
      failures.some((text) => text.includes('by two sessions')) ? ': NOT TRUE' : ''
    }.`,
    `${counts.committed} transactions committed, ${counts.rolledBack} rolled back, ${counts.twoPhaseCommitted} committed and ${counts.twoPhaseRolledBack} rolled back in two phases, ` +
      `${counts.conflicts} lost to a conflict; ${counts.savepoints} savepoints, ${counts.long} held open for a second or more.`,
    `${counts.ddl} changes of tables (${counts.ddlConflicts} more got no lock), ${counts.kills} Processors killed.`,
    failures.length === 0 ? 'All checks passed.' : `FAILED:\n  ${failures.join('\n  ')}`,
  ];
}
