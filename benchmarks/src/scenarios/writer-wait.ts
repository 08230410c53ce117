import { connect } from '../harness/connect.js';
import { type Distribution, distribution } from '../harness/distribution.js';
import { serverFacts } from '../harness/environment.js';
import { openFreshDatabase } from '../harness/fresh-database.js';
import type { Scenario, ScenarioContext } from '../harness/scenario.js';
import { runFolder, sqlFile } from '../harness/sql-files.js';
import type { Arm } from './writer-wait/arm.js';
import { dirtyFlagArm } from './writer-wait/dirty-flag-arm.js';
import { relayArm } from './writer-wait/relay-arm.js';
import { type Round, runRound } from './writer-wait/round.js';
import { EVERY_MS, WRITERS } from './writer-wait/writers.js';

interface ArmFigures {
  readonly refreshMs: readonly number[];
  readonly during: Distribution;
  readonly outside: Distribution;
  readonly worstDuringByRound: readonly number[];
  readonly worstOutsideByRound: readonly number[];
}

/** No writer waits for a refresh, and what the published pattern does to the same writers, on one server in one run. */
export const writerWait: Scenario = {
  name: 'writer-wait',
  title: 'How long writers wait while a view takes five seconds to refresh',

  async run(context) {
    const database = await openFreshDatabase('bench', context.database, context.say);
    try {
      const arms = await openArms(database.url);
      try {
        const rounds = await interleave(database.url, arms, context);
        const client = await connect(database.url, 'benchmark facts');
        const server = await serverFacts(client).finally(() => client.end());
        return { ...judge(rounds, context.quick), server };
      } finally {
        for (const arm of arms) await arm.close();
      }
    } finally {
      await database.close();
    }
  },
};

async function openArms(url: string): Promise<readonly Arm[]> {
  const client = await connect(url, 'benchmark setup');
  try {
    await client.query(sqlFile('writer-wait/30_clock.sql'));
    await client.query(sqlFile('writer-wait/20_schema.sql'));
    for (const schema of ['public', 'shop']) {
      await client.query("select set_config('search_path', $1, false)", [schema]);
      for (const folder of ['shop', 'writer-wait/view']) await runFolder(client, folder);
    }
  } finally {
    await client.end();
  }
  return [await relayArm(url), await dirtyFlagArm(url)];
}

/** The arms take turns, so that whatever else the machine does hits both alike. */
async function interleave(
  url: string,
  arms: readonly Arm[],
  { rounds, say }: ScenarioContext,
): Promise<ReadonlyMap<Arm['name'], readonly Round[]>> {
  const results = new Map<Arm['name'], Round[]>(arms.map((arm) => [arm.name, []]));
  for (let n = 1; n <= rounds; n += 1) {
    for (const arm of arms) {
      const round = await runRound(url, arm);
      results.get(arm.name)?.push(round);
      const worst = (values: readonly number[]) => distribution(values).worst;
      say(`round ${n}, ${arm.name}: worst write ${worst(round.during)} ms during, ${worst(round.outside)} ms outside`);
    }
  }
  return results;
}

function judge(rounds: ReadonlyMap<Arm['name'], readonly Round[]>, quick: boolean) {
  const relay = summary(rounds.get('pgrelay') ?? []);
  const dirtyFlag = summary(rounds.get('dirty-flag') ?? []);
  const limitMs = Math.max(100, 3 * relay.outside.worst);
  const passed = relay.during.count > 0 && (quick || relay.during.worst <= limitMs);
  const row = (name: string, when: string, d: Distribution) =>
    `| ${name} | ${when} | ${d.count} | ${d.p50} | ${d.p95} | ${d.p99} | ${d.worst} |`;
  return {
    passed,
    figures: { writers: WRITERS, everyMs: EVERY_MS, limitMs, pgrelay: relay, dirtyFlag },
    lines: [
      `${WRITERS} writers, each a write every ${EVERY_MS} ms; milliseconds per write, by whether a 5-second refresh ran.`,
      '',
      '| | | writes | p50 | p95 | p99 | worst |',
      '|---|---|---:|---:|---:|---:|---:|',
      row('pgrelay', 'outside a refresh', relay.outside),
      row('pgrelay', 'during a refresh', relay.during),
      row('dirty flag', 'outside a refresh', dirtyFlag.outside),
      row('dirty flag', 'during a refresh', dirtyFlag.during),
      '',
      `Bar: worst write during a refresh at most ${limitMs.toFixed(0)} ms (100 ms, or three times the worst outside one). ` +
        `pgrelay: ${relay.during.worst} ms, ${passed ? 'met' : 'NOT MET'}.`,
    ],
  };
}

function summary(rounds: readonly Round[]): ArmFigures {
  return {
    refreshMs: rounds.map(({ refresh }) => Math.round(refresh.ended - refresh.began)),
    during: distribution(rounds.flatMap((round) => round.during)),
    outside: distribution(rounds.flatMap((round) => round.outside)),
    worstDuringByRound: rounds.map((round) => distribution(round.during).worst),
    worstOutsideByRound: rounds.map((round) => distribution(round.outside).worst),
  };
}
