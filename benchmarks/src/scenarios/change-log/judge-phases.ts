import { type Bar, judge } from '../../harness/bar.js';
import type { ScenarioContext, ScenarioResult } from '../../harness/scenario.js';
import type { Look, Phase } from './run-phases.js';

const PAGE = 8_192;
/** A row of the log is 52 bytes in the table and some 30 in its index. */
const BYTES_A_CHANGE = 120;
const GROWTH = 1.05;

const pages = ({ heap, index }: Look): number => heap + index;
const written = ({ before, after }: Phase): number => after.written - before.written;

/** What a held snapshot makes of the change log: so many bytes a change and no more, reported, and used again afterwards. */
export function judgePhases(
  phases: readonly Phase[],
  { quick }: Pick<ScenarioContext, 'quick'>,
): Omit<ScenarioResult, 'server'> {
  const [free, held, later] = phases;
  if (free === undefined || held === undefined || later === undefined) throw new RangeError('three phases are judged');
  const bytes = (phase: Phase) => ((pages(phase.after) - pages(phase.before)) * PAGE) / written(phase);
  const bars: Bar[] = [
    { name: 'bytes a change that stay while a snapshot is held', value: bytes(held), most: BYTES_A_CHANGE },
    { name: 'get_mv_problems() says so (1: yes)', value: Number(held.after.reported), least: 1 },
    {
      name: 'get_mv_problems() says so when nothing is in the way (0: no)',
      value: Number(free.after.reported),
      most: 0,
    },
    {
      name: 'most pages after the snapshot is gone / when it went',
      value: later.mostPages / pages(held.after),
      most: GROWTH,
    },
    { name: 'bytes a change that stay when nothing is in the way', value: bytes(free) },
    { name: 'a look of the planner, held / nothing in the way', value: held.tickMs / free.tickMs },
  ];
  const { passed, lines } = judge(bars, quick);
  const waiting = phases.reduce((sum, { after }) => sum + after.waiting, 0);
  return {
    passed: passed && waiting === 0,
    lines: [
      'Eight clients write one row a transaction without a pause; a Processor refreshes the view of their table and cleans up; the',
      'log is vacuumed every two seconds. Pages are those that stay when every change has been served and cleaned up. While a',
      'snapshot is held, no row that was removed makes room: the log grows by the bytes below for each transaction and watch.',
      '',
      ...lines,
      '',
      '| pages of 8 kB | changes written | table | index | at most | planner, ms |',
      '|---|---:|---:|---:|---:|---:|',
      ...phases.map(
        (phase) =>
          `| ${phase.name} | ${written(phase)} | ${phase.after.heap} | ${phase.after.index} | ${phase.mostPages} | ${phase.tickMs.toFixed(1)} |`,
      ),
      '',
      waiting === 0 ? 'Ledger: every change was served and cleaned up.' : `**LEDGER**: ${waiting} changes are left`,
    ],
    figures: { phases, bars },
  };
}
