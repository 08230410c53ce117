import { type Bar, judge } from '../../harness/bar.js';
import { distribution } from '../../harness/distribution.js';
import type { ScenarioContext, ScenarioResult } from '../../harness/scenario.js';
import type { TickFigures } from './run-ticks.js';

const AT_MOST_MS = 20;

/** The bars, the table, and whether everything was as it had to be, which counts in a quick run, too. */
export function judgeTicks(
  all: readonly TickFigures[],
  { quick }: Pick<ScenarioContext, 'quick'>,
): Omit<ScenarioResult, 'server'> {
  const bars: Bar[] = all.flatMap(({ load, jobs, ticks }) => {
    const costs = ticks.flat();
    return [
      { name: `${load}, ${jobs} jobs: mean server time of a tick, ms`, value: mean(costs), most: AT_MOST_MS },
      { name: `${load}, ${jobs} jobs: p99 of it, ms`, value: distribution(costs).p99, most: AT_MOST_MS },
    ];
  });
  const wrong = all.flatMap((figures) => figures.wrong);
  const { passed, lines } = judge(bars, quick);
  const loaded = all.every(({ clock }) => clock === 'pg_stat_statements');
  return {
    passed: passed && wrong.length === 0,
    lines: [
      'The task of cron, as often as it asks to be run, on a session of its own; a Processor runs what is sent. Server time is',
      loaded
        ? 'the sum of what pg_stat_statements has for every statement of that session.'
        : 'that between question and answer: pg_stat_statements is not loaded on this server.',
      '',
      ...lines,
      '',
      '| ms a tick | jobs | ticks | sent | mean | p50 | p99 | worst | all sent after, ms |',
      '|---|---:|---:|---:|---:|---:|---:|---:|---:|',
      ...all.map(row),
      '',
      ...(wrong.length === 0
        ? ['Ledger: as many jobs as said; no occurrence was sent twice, and none was missed.']
        : wrong.map((text) => `**LEDGER**: ${text}`)),
    ],
    figures: { bars, loads: all, ledger: wrong },
  };
}

function row({ load, jobs, ticks, allSentMs, ledger }: TickFigures): string {
  const costs = ticks.flat();
  const { p50, p99, worst, count } = distribution(costs);
  return `| ${load} | ${jobs} | ${count} | ${ledger.sent} | ${mean(costs).toFixed(2)} | ${p50} | ${p99} | ${worst} | ${allSentMs?.toFixed(0) ?? ''} |`;
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
