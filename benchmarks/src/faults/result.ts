import type { Counts, Violation } from './ledger.js';

/** What the ledger says in the end. */
export interface Result {
  readonly counts: Counts;
  readonly violations: readonly Violation[];
  /** Writes of Processors that had been declared dead, by stage: each was refused. */
  readonly refused: ReadonlyMap<string, number>;
  /** What is wrong beside the ledger: an event that hangs, a Processor that gave up, a failpoint that was not hit. */
  readonly faults: readonly string[];
}

/** A result with what struck, how often. */
export interface CampaignResult extends Result {
  readonly hits: ReadonlyMap<string, number>;
}

export const passed = ({ violations, faults }: Result): boolean => violations.length === 0 && faults.length === 0;

const shown = 20;

/** What is wrong, line by line. */
export function complaints({ violations, faults }: Result): string[] {
  return [
    ...faults,
    ...violations.slice(0, shown).map(({ violation, id, detail }) => `event ${id}: ${violation}: ${detail}`),
    ...(violations.length > shown ? [`… and ${violations.length - shown} more`] : []),
  ];
}

const losses = /lost|missing|not sent|without its|wrong end/;

/** The summary of several campaigns: a table in Markdown. */
export function table(results: ReadonlyMap<string, CampaignResult>): string[] {
  const sum = (map: ReadonlyMap<string, number>) => [...map.values()].reduce((a, b) => a + b, 0);
  const rows = [...results].flatMap(([campaign, result]) => {
    const { counts, violations, refused, hits } = result;
    const lost = violations.filter(({ violation }) => losses.test(violation)).length;
    const figures = [
      counts.events,
      counts.auditRows,
      counts.lostAttempts,
      counts.quarantined,
      counts.leasedAgain,
      sum(refused),
      lost,
      violations.length - lost,
    ];
    return [
      `| **${campaign}** | ${sum(hits)} | ${figures.join(' | ')} |`,
      ...[...hits].map(([name, n]) => `| ${name} | ${n} |${' |'.repeat(figures.length)}`),
    ];
  });
  const columns = [
    'fault',
    'hits',
    'events',
    'audit rows',
    'lost attempts',
    'quarantined',
    'leased effects again',
    'stale writes refused',
    'lost',
    'doubled or wrong',
  ];
  return [`| ${columns.join(' | ')} |`, `|${'---|'.repeat(columns.length)}`, ...rows];
}
