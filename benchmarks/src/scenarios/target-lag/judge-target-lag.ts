import { distribution } from '../../harness/distribution.js';
import type { ScenarioResult } from '../../harness/scenario.js';
import { spread } from '../../harness/spread.js';
import { type Case, type CaseFigures, TARGET_S } from './run-load.js';

/** What a target may cost by default. */
const SHARE = 0.25;

/** The table. Bars, not in a quick run: with the target, p99 of the staleness is within it, and refreshes within their share. */
export function judgeTargetLag(
  rounds: ReadonlyMap<Case, readonly CaseFigures[]>,
  orders: number,
  quick: boolean,
): Omit<ScenarioResult, 'server'> {
  const summaries = [...rounds].map(([of, list]) => ({
    name: of.name,
    load: of.load.name,
    target: of.target,
    staleness: distribution(list.flatMap((figures) => figures.staleness.ms)),
    refreshesPerMinute: spread(list.map(({ refreshes, seconds }) => (refreshes * 60) / seconds)),
    share: spread(list.map(({ share }) => share)),
    times: list.map(({ times }) => times),
  }));
  const wrong = [...rounds].flatMap(([{ name, load }, list]) =>
    list.flatMap((figures) => figures.wrong.map((text) => `**LEDGER**: ${name}, ${load.name}: ${text}`)),
  );
  const missed = summaries.flatMap(({ target, load, staleness, share }) => [
    ...(target && staleness.p99 > TARGET_S * 1_000 ? [`**MISSED**: ${load}: p99 is ${staleness.p99} ms`] : []),
    ...(target && share.median > SHARE ? [`**MISSED**: ${load}: a share of ${share.median.toFixed(2)}`] : []),
  ]);
  return {
    passed: wrong.length === 0 && summaries.length > 0 && (quick || missed.length === 0),
    lines: [
      `One writer on the published shop with ${orders} orders; a target of ${TARGET_S} s within a share of ${SHARE}, beside the published times`,
      '(no lag, no maximum, a cooldown of 2 s). Staleness: from the commit of an order to the first look that finds it in the view. Share:',
      'of one CPU, a refresh counted as one that is busy. Times: refresh_lag / max_wait / cooldown in the end of each round, s.',
      '',
      '| | written | staleness, ms: p50 | p99 | worst | refreshes a minute | share | times |',
      '|---|---|---:|---:|---:|---:|---:|---|',
      ...summaries.map(
        ({ name, load, staleness, refreshesPerMinute, share, times }) =>
          `| ${name} | ${load} | ${staleness.p50} | ${staleness.p99} | ${staleness.worst} | ${refreshesPerMinute.median.toFixed(0)} | ${share.median.toFixed(3)} | ${times.join(', ')} |`,
      ),
      '',
      ...wrong,
      ...(quick ? [] : missed),
      ...(wrong.length === 0 ? ['Ledger: every order is there, and the view equals its query in the end.'] : []),
    ],
    figures: { cases: summaries, ledger: wrong, missed },
  };
}
