import { type Bar, barTable, isMet } from '../../harness/bar.js';
import { ratio } from '../../harness/ratio.js';
import type { ScenarioContext, ScenarioResult } from '../../harness/scenario.js';
import { spread } from '../../harness/spread.js';
import { captureTable } from './capture-table.js';
import { type CaptureContender, contendersOf, fourStatements, oneInsert } from './contender.js';
import { type CaptureFigures, CLIENTS } from './run-capture.js';

export type CaptureRounds = ReadonlyMap<CaptureContender, readonly CaptureFigures[]>;

const one = contendersOf(oneInsert);
const four = contendersOf(fourStatements);

export const contenders: readonly CaptureContender[] = [...Object.values(one), ...Object.values(four)];

/** What a bar compares, and what must come out. */
const comparisons = [
  { name: '1 insert, capture / none', ours: one.capture, theirs: one.none, least: 0.75, goal: 0.85 },
  { name: '4 statements, capture / none', ours: four.capture, theirs: four.none, least: 0.8, goal: 0.9 },
  { name: '1 insert, capture / dirty flag', ours: one.capture, theirs: one.dirtyFlag, least: 3 },
  { name: '4 statements, capture / dirty flag', ours: four.capture, theirs: four.dirtyFlag, least: 3 },
  { name: '1 insert, 20 views / none', ours: one.twenty, theirs: one.none },
  { name: '4 statements, 20 views / none', ours: four.twenty, theirs: four.none },
  { name: '1 insert, capture beside a Processor / none', ours: one.served, theirs: one.none },
  { name: '4 statements, capture beside a Processor / none', ours: four.served, theirs: four.none },
  { name: '1 insert, dirty flag / none', ours: one.dirtyFlag, theirs: one.none },
  { name: '4 statements, dirty flag / none', ours: four.dirtyFlag, theirs: four.none },
];

/** The bars, the table, and whether the ledger adds up, which counts in a quick run, too. */
export function judgeCapture(
  rounds: CaptureRounds,
  { quick }: Pick<ScenarioContext, 'quick'>,
): Omit<ScenarioResult, 'server'> {
  const rates = (contender: CaptureContender) => (rounds.get(contender) ?? []).map(({ perSecond }) => perSecond);
  const rows = (contender: CaptureContender) => spread((rounds.get(contender) ?? []).map(({ changes }) => changes));
  const bars: Bar[] = [
    ...comparisons.map(({ name, ours, theirs, ...bounds }) => {
      const compared = ratio(rates(ours), rates(theirs));
      return { name, value: compared.perRound.median, ratio: compared, ...bounds };
    }),
    ...[one, four].map(({ capture, twenty }) => ({
      name: `${capture.shape.name}, change rows a transaction, 20 views / 1 view`,
      value: rows(twenty).max / rows(capture).min,
      least: 1,
      most: 1,
    })),
  ];
  const wrong = [...rounds].flatMap(([{ name }, list]) =>
    list.flatMap((figures) => figures.wrong.map((text) => `${name}: ${text}`)),
  );
  return {
    passed: wrong.length === 0 && (quick || bars.every(isMet)),
    lines: [
      `${CLIENTS} clients in a process of their own, prepared statements, no pause between transactions. The views read both tables.`,
      'No Processor runs, but where it is said: what is measured is what writers pay. Beside one, it plans every 250 ms and',
      'cleans up every 5 s as it always would, and no refresh falls into the time that is measured.',
      '',
      ...captureTable(rounds),
      '',
      ...barTable(bars, !quick),
      '',
      ...(wrong.length === 0
        ? ['Ledger: every committed transaction left its rows, and one change row for each watch it touched.']
        : wrong.map((text) => `**LEDGER**: ${text}`)),
    ],
    figures: { contenders: [...rounds].map(summary), bars, ledger: wrong },
  };
}

function summary([contender, list]: readonly [CaptureContender, readonly CaptureFigures[]]) {
  return {
    contender: contender.name,
    transactionsPerSecond: spread(list.map(({ perSecond }) => perSecond)),
    changesPerTransaction: spread(list.map(({ changes }) => changes)),
    sessionMicros: spread(list.map(({ sessionMicros }) => sessionMicros ?? Number.NaN)),
    clientMicros: spread(list.map(({ clientMicros }) => clientMicros)),
  };
}
