import type { Share } from './writer.js';

export type SpecialTurn = 'truncate' | 'long' | 'check';

/**
 * Which of a writer's transactions are special: spread evenly, at another place for each writer, so that the others
 * write on while one is held open.
 */
export function planTurns({ index, writers, transactions, checks, long, truncates }: Share): Map<number, SpecialTurn> {
  const plan = new Map<number, SpecialTurn>();
  const place = (kind: SpecialTurn, turns: number) => {
    const stretch = transactions / turns;
    for (let turn = 0; turn < turns; turn += 1) {
      let n = Math.floor((turn + (index + 0.5) / writers) * stretch);
      while (plan.has(n)) n = (n + 1) % transactions;
      plan.set(n, kind);
    }
  };
  place('truncate', truncates);
  place('long', long);
  place('check', checks);
  return plan;
}
