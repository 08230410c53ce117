import { expect, test } from 'vitest';
import { judgeTargetLag } from '../src/scenarios/target-lag/judge-target-lag.js';
import { steady } from '../src/scenarios/target-lag/load.js';
import type { CaseFigures } from '../src/scenarios/target-lag/run-load.js';

const figures = (more: Partial<CaseFigures> = {}): CaseFigures => ({
  seconds: 60,
  staleness: { ms: [1_000, 4_800], never: 0 },
  orders: 2,
  refreshes: 13,
  share: 0.02,
  times: '0.5 / 4.5 / 0.3',
  wrong: [],
  ...more,
});
const judge = (target: boolean, more: Partial<CaseFigures>, quick = false) =>
  judgeTargetLag(new Map([[{ name: 'a case', target, load: steady }, [figures(more)]]]), 500, quick);

test('a target is judged by its p99 and its share, the published times by nothing, and all by the ledger', () => {
  expect(judge(true, {}).passed).toBe(true);
  expect(judge(true, {}).lines).toContain(
    '| a case | an order every 50 ms | 1000 | 4800 | 4800 | 13 | 0.020 | 0.5 / 4.5 / 0.3 |',
  );
  const late = { staleness: { ms: [5_100], never: 0 } };
  expect(judge(true, late).passed).toBe(false);
  expect(judge(true, { share: 0.3 }).passed).toBe(false);
  expect(judge(true, late, true).passed).toBe(true);
  expect(judge(false, late).passed).toBe(true);
  expect(judge(false, { wrong: ['an order is missing'] }, true).passed).toBe(false);
});
