import { setTimeout as pause } from 'node:timers/promises';
import { autoMvSql } from '@pgrelay/auto-mv';
import { migrate } from '@pgrelay/relay-sql';
import type pg from 'pg';
import { connect } from '../harness/connect.js';
import { type Distribution, distribution } from '../harness/distribution.js';
import { serverFacts } from '../harness/environment.js';
import { openFreshDatabase } from '../harness/fresh-database.js';
import { ProcessorProcess } from '../harness/processor-process.js';
import type { Scenario, ScenarioContext } from '../harness/scenario.js';
import { runFolder } from '../harness/sql-files.js';
import { measureWaits, type Waits } from './politeness/waits.js';

/** How long a refresh takes when nobody is in its way, and how often a migration comes. */
const SECONDS = { full: { refresh: 10, every: 60 }, quick: { refresh: 3, every: 0 } } as const;

/** The bars: nobody waits longer for a refresh, and it takes no more tries. */
const WAIT_MS = 1_500;
const TRIES = 3;

interface Round extends Waits {
  readonly outcomes: readonly string[];
}

/** A refresh makes neither a migration nor whoever queues behind it wait, and succeeds all the same. */
export const politeness: Scenario = {
  name: 'politeness',
  title: 'An ALTER TABLE and a reader of the table in the middle of a refresh of ten seconds, every minute',

  async run(context) {
    const database = await openFreshDatabase('bench', context.database, context.say);
    try {
      const client = await connect(database.url, 'benchmark politeness');
      try {
        await migrate({ connectionString: database.url, modules: [autoMvSql] });
        await runFolder(client, 'politeness/shop');
        const byHand = await measureByHand(client, database.url, context);
        await client.query('delete from polite.gate');
        await runFolder(client, 'politeness/relay');
        await client.query('select polite.register()');
        const rounds = await measureRelay(client, database.url, context);
        return { ...judge(byHand, rounds, context.quick), server: await serverFacts(client) };
      } finally {
        await client.end();
      }
    } finally {
      await database.close();
    }
  },
};

/** What happens to the same two when the statement is sent as a timer would send it. */
async function measureByHand(client: pg.Client, url: string, { quick, say }: ScenarioContext): Promise<Waits> {
  await client.query('insert into polite.gate values ($1)', [SECONDS[quick ? 'quick' : 'full'].refresh]);
  const timer = await connect(url, 'benchmark timer');
  try {
    const refresh = timer.query('refresh materialized view concurrently polite.totals');
    const waits = await measureWaits(url);
    await refresh;
    say(`by hand: ALTER TABLE ${waits.alter.toFixed(0)} ms, reader ${waits.read.toFixed(0)} ms`);
    return waits;
  } finally {
    await timer.end();
  }
}

async function measureRelay(client: pg.Client, url: string, { rounds, quick, say }: ScenarioContext): Promise<Round[]> {
  const { refresh, every } = SECONDS[quick ? 'quick' : 'full'];
  const processor = await ProcessorProcess.start(url);
  const results: Round[] = [];
  try {
    let seen = (await untilDone(client, 0)).length; // the one that registering asks for
    await client.query('insert into polite.gate values ($1)', [refresh]);
    for (let n = 1; n <= rounds; n += 1) {
      const minute = pause(every * 1_000);
      await client.query('select polite.change_orders()');
      const waits = await measureWaits(url);
      const outcomes = (await untilDone(client, seen)).slice(seen);
      seen += outcomes.length;
      results.push({ ...waits, outcomes });
      say(
        `round ${n}: ALTER TABLE ${waits.alter.toFixed(0)} ms, reader ${waits.read.toFixed(0)} ms, ${outcomes.join(', ')}`,
      );
      await minute;
    }
    return results;
  } finally {
    await processor.stop();
  }
}

/** The outcomes of all attempts, once one after the first `seen` is done. */
async function untilDone(client: pg.Client, seen: number): Promise<string[]> {
  for (;;) {
    const { rows } = await client.query<{ outcome: string }>('select outcome from polite.attempts order by id');
    const outcomes = rows.map((row) => row.outcome);
    if (outcomes.slice(seen).includes('done')) return outcomes;
    await pause(50);
  }
}

function judge(byHand: Waits, rounds: readonly Round[], quick: boolean) {
  const alter = distribution(rounds.map((round) => round.alter));
  const read = distribution(rounds.map((round) => round.read));
  const tries = Math.max(...rounds.map((round) => round.outcomes.length));
  const passed = rounds.length > 0 && (quick || (alter.worst <= WAIT_MS && read.worst <= WAIT_MS && tries <= TRIES));
  const row = (who: string, { p50, worst }: Pick<Distribution, 'p50' | 'worst'>) => `| ${who} | ${p50} | ${worst} |`;
  const once = (ms: number) => ({ p50: Math.round(ms), worst: Math.round(ms) });
  return {
    passed,
    figures: { byHand, rounds, alter, read, tries },
    lines: [
      `${rounds.length} migrations, each in the middle of a refresh; milliseconds they and a reader behind them waited.`,
      '',
      '| | p50 | worst |',
      '|---|---:|---:|',
      row('REFRESH by hand: ALTER TABLE', once(byHand.alter)),
      row('REFRESH by hand: reader of the table', once(byHand.read)),
      row('pgrelay: ALTER TABLE', alter),
      row('pgrelay: reader of the table', read),
      '',
      `Bars: at most ${WAIT_MS} ms, and the refresh done at the ${TRIES}rd try: ${tries} tries at most, ${passed ? 'met' : 'NOT MET'}.`,
    ],
  };
}
