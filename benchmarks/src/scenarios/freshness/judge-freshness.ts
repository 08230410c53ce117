import { distribution } from '../../harness/distribution.js';
import type { ScenarioResult } from '../../harness/scenario.js';
import { spread } from '../../harness/spread.js';
import type { Arm } from './arms.js';
import { type ArmFigures, LOOK_EVERY_MS } from './run-arm.js';
import { EVERY_MS, WRITERS } from './writers.js';

/** The table. Nothing is judged but the ledger: that what was written is there, and that view and query are equal in the end. */
export function judgeFreshness(
  rounds: ReadonlyMap<Arm, readonly ArmFigures[]>,
  orders: number,
): Omit<ScenarioResult, 'server'> {
  const wrong = [...rounds].flatMap(([{ name }, list]) =>
    list.flatMap((figures) => figures.wrong.map((text) => `${name}: ${text}`)),
  );
  const summaries = [...rounds].map(summary);
  return {
    passed: wrong.length === 0 && summaries.length > 0,
    lines: [
      `${WRITERS} writers, each a write every ${EVERY_MS} ms (three orders, then a price), on the published shop with ${orders} orders; every`,
      `way in a database of its own. Staleness: from the commit of an order of the first writer to the first look, one every ${LOOK_EVERY_MS} ms,`,
      "that finds it in the view. CPU: of the server's sessions, and of the Processor.",
      '',
      '| | writes a second | write, ms: p50 | p99 | worst | staleness, ms: p50 | p99 | worst | never seen | refreshes a minute | CPU ms a second | Processor | rows that differ in the end | writes failed |',
      '|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|',
      ...summaries.map(row),
      '',
      ...(wrong.length === 0
        ? [
            'Ledger: every order that was acknowledged is there, and where it must be, the view equals its query in the end.',
          ]
        : wrong.map((text) => `**LEDGER**: ${text}`)),
    ],
    figures: { arms: summaries, ledger: wrong },
  };
}

function summary([arm, list]: readonly [Arm, readonly ArmFigures[]]) {
  const sum = (of: (figures: ArmFigures) => number) => list.reduce((total, figures) => total + of(figures), 0);
  return {
    name: arm.name,
    writesPerSecond: spread(list.map(({ written, seconds }) => written.ms.length / seconds)),
    write: distribution(list.flatMap(({ written }) => written.ms)),
    staleness: distribution(list.flatMap((figures) => figures.staleness.ms)),
    never: sum((figures) => figures.staleness.never),
    refreshesPerMinute: spread(list.map(({ refreshes, seconds }) => (refreshes * 60) / seconds)),
    sessionMs: spread(list.map(({ sessionMs }) => sessionMs ?? Number.NaN)),
    processMs: spread(list.map(({ processMs }) => processMs)),
    differing: list.map(({ differing }) => differing),
    failed: sum(({ written }) => written.failed),
  };
}

function row(of: ReturnType<typeof summary>): string {
  const seen = of.staleness.count > 0;
  const figures = [
    of.writesPerSecond.median.toFixed(0),
    of.write.p50,
    of.write.p99,
    of.write.worst,
    ...(seen ? [of.staleness.p50, of.staleness.p99, of.staleness.worst] : ['–', '–', '–']),
    of.never,
    of.refreshesPerMinute.median.toFixed(0),
    Number.isNaN(of.sessionMs.median) ? '–' : of.sessionMs.median.toFixed(0),
    of.processMs.median.toFixed(0),
    of.differing.join(', '),
    of.failed,
  ];
  return `| ${of.name} | ${figures.join(' | ')} |`;
}
