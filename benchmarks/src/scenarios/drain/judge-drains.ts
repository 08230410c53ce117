import type { DrainContender } from '../../contenders/drain-contender.js';
import { type Bar, barTable, isMet } from '../../harness/bar.js';
import { mismatches } from '../../harness/ledger.js';
import { ratio } from '../../harness/ratio.js';
import type { ScenarioContext, ScenarioResult } from '../../harness/scenario.js';
import { spread } from '../../harness/spread.js';
import { type Compared, judgeValidity } from '../../harness/validity.js';
import type { DrainResults } from './drain-bench.js';
import type { DrainFigures } from './drain-figures.js';
import { drainTable, settingsList } from './drain-table.js';

/** Two contenders of a run, and what their ratio must be. */
export interface Comparison {
  readonly name: string;
  readonly ours: DrainContender;
  readonly theirs: DrainContender;
  /** `rate`: events a second; `memory`: the highest peak of a process. */
  readonly of: 'rate' | 'memory';
  readonly least?: number;
  readonly most?: number;
  readonly goal?: number;
}

/** The tables, the ledger's and the peers' verdict. Bars and validity are judged in a real run only, the ledger in any. */
export function judgeDrains(
  results: DrainResults,
  comparisons: readonly Comparison[],
  limit: DrainContender | undefined,
  { quick }: ScenarioContext,
): ScenarioResult {
  const { rounds, server, versions } = results;
  const figure = { rate: rateOf, memory: peakOf };
  const bars: Bar[] = comparisons.map(({ name, ours, theirs, of, ...bounds }) => {
    const of2 = ratio(drains(ours).map(figure[of]), drains(theirs).map(figure[of]));
    return { name, value: of2.perRound.median, ratio: of2, ...bounds };
  });
  const compared = [...rounds.keys()].filter((contender) => contender !== limit).flatMap(compare);
  const validity = judgeValidity(compared, limit && compare(limit)[0]);
  const wrong = [...rounds].flatMap(([{ name, action }, list]) =>
    list.flatMap(({ ledger }) => mismatches(ledger).map((text) => `${name}, ${action}: ${text}`)),
  );
  return {
    passed: wrong.length === 0 && (quick || (bars.every(isMet) && validity.verdict !== 'invalid')),
    lines: [
      ...drainTable(rounds),
      '',
      ...barTable(bars, !quick),
      '',
      ...(quick ? [] : [...validity.lines, '']),
      ...(wrong.length === 0
        ? [
            'Ledger: in every drain each event ran once, left its effect once, and has its audit row where one is written.',
          ]
        : wrong.map((text) => `**LEDGER**: ${text}`)),
      '',
      ...settingsList(rounds.keys()),
    ],
    figures: { drains: [...rounds].map(summary), bars, validity: quick ? undefined : validity.verdict, ledger: wrong },
    server,
    versions,
  };

  function drains(contender: DrainContender): readonly DrainFigures[] {
    return rounds.get(contender) ?? [];
  }

  function compare(contender: DrainContender): Compared[] {
    const { reference } = contender;
    return reference ? [{ reference, perSecond: spread(drains(contender).map(rateOf)).median }] : [];
  }
}

const rateOf = ({ perSecond }: DrainFigures): number => perSecond;
const peakOf = ({ peakMiB }: DrainFigures): number => Math.max(...peakMiB);

function summary([contender, drains]: readonly [DrainContender, readonly DrainFigures[]]) {
  const of = (pick: (drain: DrainFigures) => number | undefined) =>
    spread(drains.map((drain) => pick(drain) ?? Number.NaN));
  return {
    contender: contender.name,
    action: contender.action,
    settings: contender.settings,
    events: drains.map(({ events }) => events),
    seconds: of(({ seconds }) => seconds),
    perSecond: of(rateOf),
    sessionMicros: of(({ sessionMicros }) => sessionMicros),
    backgroundMicros: of(({ backgroundMicros }) => backgroundMicros),
    processMicros: of(({ processMicros }) => processMicros),
    peakMiB: of(peakOf),
    ledgers: drains.map(({ ledger }) => ledger),
  };
}
