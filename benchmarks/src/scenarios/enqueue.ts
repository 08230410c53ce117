import { type Bar, barTable, isMet } from '../harness/bar.js';
import { interleave } from '../harness/interleave.js';
import { ratio } from '../harness/ratio.js';
import { limits, type Reference, references } from '../harness/references.js';
import type { Scenario, ScenarioContext, ScenarioResult } from '../harness/scenario.js';
import { spread } from '../harness/spread.js';
import { judgeValidity } from '../harness/validity.js';
import { type ContenderFacts, withContenders } from '../harness/with-contenders.js';
import { bulk, bulkCall, type EnqueueContender, inTrigger, single } from './enqueue/enqueue-contender.js';
import { enqueueTable } from './enqueue/enqueue-table.js';
import { type EnqueueFigures, runEnqueue } from './enqueue/run-enqueue.js';

const SECONDS = 5;
const QUICK_SECONDS = 0.5;

type Rounds = ReadonlyMap<EnqueueContender, readonly EnqueueFigures[]>;

const notify1 = single('notify', 1);
const notify8 = single('notify', 8);
const addJob1 = single('add-job', 1);
const addJob8 = single('add-job', 8);
const notifyMany = bulk('notify-many');
const addJobsSql = bulk('add-jobs');
const notifyManyCall = bulkCall('notifyMany');
const addJobs = bulkCall('addJobs');
const rawMany = bulk('raw-many');
const triggers = { 1: triggersOf(1), 4: triggersOf(4) };

const contenders: readonly EnqueueContender[] = [
  ...[notify1, addJob1, single('raw', 1), notify8, addJob8, single('raw', 8)],
  ...[notifyManyCall, addJobs, notifyMany, addJobsSql, rawMany],
  ...[...Object.values(triggers[1]), ...Object.values(triggers[4])],
];

/** What a bar compares, and what must come out. */
const comparisons = [
  { name: 'single, 1 client / add_job', ours: notify1, theirs: addJob1, least: 2.5 },
  { name: 'single, 8 clients / add_job', ours: notify8, theirs: addJob8, least: 2.5 },
  { name: 'bulk / addJobs, from TypeScript', ours: notifyManyCall, theirs: addJobs, least: 4 },
  { name: 'bulk / add_jobs, from SQL', ours: notifyMany, theirs: addJobsSql },
  { name: 'trigger, 1 insert / no trigger', ours: triggers[1].notify, theirs: triggers[1].none, least: 0.65 },
  { name: 'trigger, 1 insert / bare keyed insert', ours: triggers[1].notify, theirs: triggers[1].bare, least: 0.85 },
  { name: 'trigger, 4 inserts / no trigger', ours: triggers[4].notify, theirs: triggers[4].none, least: 0.8 },
  { name: 'trigger, 4 inserts / bare keyed insert', ours: triggers[4].notify, theirs: triggers[4].bare, least: 0.85 },
  { name: 'trigger with add_job, 1 insert / no trigger', ours: triggers[1].addJob, theirs: triggers[1].none },
];

/** How fast producers can enqueue, by a call and in a trigger, while no Processor is idle. */
export const enqueue: Scenario = {
  name: 'enqueue',
  title: 'How fast events are enqueued',

  run(context) {
    return withContenders(context, async (databases, facts) => {
      const seconds = context.quick ? QUICK_SECONDS : SECONDS;
      const rounds = await interleave(contenders, context.rounds, async (contender, round) => {
        const figures = await databases.use(contender.engine, (arena) => runEnqueue(contender, arena, seconds));
        const { perSecond, sessionMicros, clientMicros } = figures;
        const cpu = `CPU ${sessionMicros ?? '–'} + ${clientMicros} µs`;
        context.say(`round ${round + 1}, ${contender.name}: ${perSecond.toFixed(0)} transactions/s, ${cpu}`);
        return figures;
      });
      return judge(rounds, facts, context);
    });
  },
};

function judge(rounds: Rounds, facts: ContenderFacts, { quick }: ScenarioContext): ScenarioResult {
  const rates = (contender: EnqueueContender) => (rounds.get(contender) ?? []).map(({ perSecond }) => perSecond);
  const bars: Bar[] = comparisons.map(({ name, ours, theirs, ...bounds }) => {
    const compared = ratio(rates(ours), rates(theirs));
    return { name, value: compared.perRound.median, ratio: compared, ...bounds };
  });
  const events = (contender: EnqueueContender, reference: Reference) => ({
    reference,
    perSecond: spread(rates(contender)).median * contender.events,
  });
  const validity = judgeValidity([events(addJobs, references.addJobs)], events(rawMany, limits.insertMany));
  const wrong = [...rounds].flatMap(([{ name }, list]) =>
    list.flatMap((figures) => figures.wrong.map((text) => `${name}: ${text}`)),
  );
  return {
    passed: wrong.length === 0 && (quick || (bars.every(isMet) && validity.verdict !== 'invalid')),
    lines: [
      'Clients in a process of their own, prepared statements. No Processor runs, so the flag that asks for hints is not armed;',
      'graphile_worker.add_job sends its NOTIFY in any case, and nobody listens.',
      '',
      ...enqueueTable(rounds),
      '',
      ...barTable(bars, !quick),
      '',
      ...(quick
        ? []
        : [...validity.lines, 'One-row figures are bound by round trips, so they are not held to a reference.', '']),
      ...(wrong.length === 0
        ? ['Ledger: every committed transaction left its events.']
        : wrong.map((text) => `**LEDGER**: ${text}`)),
    ],
    figures: {
      contenders: [...rounds].map(summary),
      bars,
      validity: quick ? undefined : validity.verdict,
      ledger: wrong,
    },
    ...facts,
  };
}

function triggersOf(inserts: 1 | 4) {
  const of = (what: Parameters<typeof inTrigger>[0]) => inTrigger(what, inserts);
  return { none: of('none'), notify: of('notify'), bare: of('bare'), addJob: of('add-job') };
}

function summary([contender, list]: readonly [EnqueueContender, readonly EnqueueFigures[]]) {
  return {
    contender: contender.name,
    transactionsPerSecond: spread(list.map(({ perSecond }) => perSecond)),
    eventsPerSecond: spread(list.map(({ eventsPerSecond }) => eventsPerSecond)),
    sessionMicros: spread(list.map(({ sessionMicros }) => sessionMicros ?? Number.NaN)),
    clientMicros: spread(list.map(({ clientMicros }) => clientMicros)),
  };
}
