import { type Bar, judge } from '../../harness/bar.js';
import { distribution } from '../../harness/distribution.js';
import type { ScenarioContext, ScenarioResult } from '../../harness/scenario.js';
import { spread } from '../../harness/spread.js';
import { type PlanningFigures, WRITERS } from './run-planning.js';

const AT_MOST_MS = 50;

/** The bars, the table, and whether everything was as it had to be, which counts in a quick run, too. */
export function judgePlanning(
  all: readonly PlanningFigures[],
  { quick }: Pick<ScenarioContext, 'quick'>,
): Omit<ScenarioResult, 'server'> {
  const bars: Bar[] = all.map(({ registry, busy }) => ({
    name: `${registry.name}: mean server time of a tick, ms`,
    value: spread(busy.map(mean)).median,
    most: AT_MOST_MS,
  }));
  const wrong = all.flatMap((figures) => figures.wrong);
  const { passed, lines } = judge(bars, quick);
  const loaded = all.every(({ clock }) => clock === 'pg_stat_statements');
  return {
    passed: passed && wrong.length === 0,
    lines: [
      `The planner's own task every 250 ms on a session of its own, beside ${WRITERS} clients that write without a pause; no refresh`,
      `is due. Server time is ${
        loaded
          ? 'the sum of what pg_stat_statements has for every statement of that session, waiting for a CPU included'
          : 'that between question and answer: pg_stat_statements is not loaded on this server'
      }.`,
      '',
      ...lines,
      '',
      '| ms a tick | views | of them dirty | change rows unserved | writes a second | ticks | mean | p50 | p99 | worst |',
      '|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|',
      ...all.flatMap((figures) => [
        row(figures, 'beside the writers', spread(figures.writesPerSecond).median, figures.busy.flat()),
        row(figures, 'nobody writes', 0, figures.alone),
      ]),
      '',
      ...(wrong.length === 0
        ? ['Ledger: views, dirty views and unserved rows are as many as said, and no refresh was asked for.']
        : wrong.map((text) => `**LEDGER**: ${text}`)),
    ],
    figures: { bars, registries: all, ledger: wrong },
  };
}

function row({ registry, after }: PlanningFigures, when: string, writes: number, ticks: readonly number[]): string {
  const { p50, p99, worst, count } = distribution(ticks);
  const unserved = when === 'nobody writes' ? `${registry.unserved} or a little more` : `up to ${after.changes}`;
  return `| ${registry.name}, ${when} | ${after.views} | ${after.dirty} | ${unserved} | ${writes.toFixed(0)} | ${count} | ${mean(ticks).toFixed(1)} | ${p50} | ${p99} | ${worst} |`;
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
