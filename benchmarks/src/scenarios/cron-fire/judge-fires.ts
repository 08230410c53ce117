import { type Bar, judge } from '../../harness/bar.js';
import { type Distribution, distribution } from '../../harness/distribution.js';
import type { ScenarioContext, ScenarioResult } from '../../harness/scenario.js';
import type { FireFigures } from './run-fires.js';

const MEDIAN_MS = 100;
const WORST_MS = 1_000;

/** The bars, and whether each second of each job ran once, which counts in a quick run, too. */
export function judgeFires(
  { jobs, seconds, kills, ledger, sent, started }: FireFigures,
  { quick }: Pick<ScenarioContext, 'quick'>,
): Omit<ScenarioResult, 'server'> {
  const [sending, starting] = [distribution(sent), distribution(started)];
  const bars: Bar[] = [
    { name: 'from the second to the start of its run, median, ms', value: starting.p50, most: MEDIAN_MS },
    { name: 'from the second to the start of its run, worst, ms', value: starting.worst, most: WORST_MS },
  ];
  const { passed, lines } = judge(bars, quick);
  const exact = ledger.twice === 0 && ledger.missing === 0 && ledger.ran === jobs * seconds;
  return {
    passed: passed && exact,
    lines: [
      `${jobs} jobs of every second for ${seconds} s; five \`pgrelay start\` with defaults, one of them killed (SIGKILL) and started`,
      `again each 5 s (${kills} kills), the first with its clock an hour fast. Times are the database's.`,
      '',
      ...lines,
      '',
      '| after its second, ms | p50 | p95 | p99 | worst |',
      '|---|---:|---:|---:|---:|',
      row('sent', sending),
      row('its run began', starting),
      '',
      `${exact ? 'Ledger' : '**LEDGER**'}: of ${jobs * seconds} occurrences ${ledger.twice} ran twice, ${ledger.missing} are missing; ${ledger.other} attempts ended otherwise than well.`,
    ],
    figures: { bars, jobs, seconds, kills, ledger, sent: sending, started: starting },
  };
}

const row = (what: string, { p50, p95, p99, worst }: Distribution): string =>
  `| ${what} | ${p50} | ${p95} | ${p99} | ${worst} |`;
