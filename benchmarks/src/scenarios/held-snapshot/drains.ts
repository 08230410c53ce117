import type { Bar } from '../../harness/bar.js';
import { startBinary, startEngine } from '../../harness/engine-process.js';
import { HeldSnapshot } from '../../harness/held-snapshot.js';
import { interleave } from '../../harness/interleave.js';
import { type Ratio, ratio } from '../../harness/ratio.js';
import type { RelayDatabase } from '../../harness/relay-database.js';
import { type RelayDrain, runRelayDrain } from '../../harness/relay-drain.js';
import { drainHead, drainRow } from '../../harness/relay-drain-table.js';
import type { ScenarioContext } from '../../harness/scenario.js';
import { sqlFile } from '../../harness/sql-files.js';
import type { PeerPair } from './graphile.js';

const AT_LEAST = 0.8;
const HANDLERS = new URL('../no-op/handler.js', import.meta.url).href;

/** The drains of each round, without and with a held snapshot. */
export interface Pairs {
  readonly name: string;
  readonly events: number;
  readonly free: readonly RelayDrain[];
  readonly held: readonly RelayDrain[];
  readonly heldToFree: Ratio;
}

/** Pairs of drains, one with a held snapshot and one without, in turns: of a SQL channel and of a leased handler's. */
export async function measureDrains(database: RelayDatabase, node: string, context: ScenarioContext) {
  const { url, client } = database;
  const pairs = [
    await measurePairs(database, context, {
      name: 'SQL action',
      channel: 'no-op.sql',
      action: 'select $1',
      events: context.quick ? 2_000 : 500_000,
      start: () => startBinary(url, client, { node }),
    }),
    await measurePairs(database, context, {
      name: 'leased handler',
      channel: 'no-op.handler',
      action: null,
      events: context.quick ? 2_000 : 200_000,
      start: () => startEngine({ url, handlers: HANDLERS }, node),
    }),
  ];
  const bars = pairs.map(({ name, heldToFree }): Bar => {
    const what = `drain rate of a ${name}, held snapshot to none`;
    return { name: what, value: heldToFree.perRound.median, ratio: heldToFree, least: AT_LEAST };
  });
  return { pairs, bars };
}

interface Drained {
  readonly name: string;
  readonly channel: string;
  readonly action: string | null;
  readonly events: number;
  readonly start: Parameters<typeof runRelayDrain>[3];
}

async function measurePairs(
  { url, client }: RelayDatabase,
  { rounds, say }: ScenarioContext,
  { name, channel, action, events, start }: Drained,
): Promise<Pairs> {
  await client.query(sqlFile('engine/register.sql'), [channel, action]);
  const results = await interleave(['free', 'held'] as const, rounds, async (how, round) => {
    const snapshot = how === 'held' ? await HeldSnapshot.take(url) : undefined;
    const drain = await runRelayDrain(client, channel, events, start).finally(() => snapshot?.release());
    say(`round ${round + 1}, ${name}, ${how}: ${drain.perSecond} events/s`);
    return drain;
  });
  const [free, held] = [results.get('free') ?? [], results.get('held') ?? []];
  const rates = (drains: readonly RelayDrain[]) => drains.map(({ perSecond }) => perSecond);
  return { name, events, free, held, heldToFree: ratio(rates(held), rates(free)) };
}

/** Ours, and the peer with its settings beside it. */
export function drainsTable(pairs: readonly Pairs[], graphile: readonly PeerPair[]): string[] {
  return [
    ...drainHead,
    ...pairs.flatMap(({ name, events, free, held }) => [
      drainRow(`pgrelay, defaults, ${name}, ${events} events, no snapshot`, free),
      drainRow(`pgrelay, defaults, ${name}, ${events} events, a held snapshot`, held),
    ]),
    '',
    '| the peer, one pair of drains each | jobs | a second without | with a held snapshot | ratio |',
    '|---|---:|---:|---:|---:|',
    ...graphile.map(
      ({ name, jobs, free, held }) =>
        `| ${name} | ${jobs} | ${Math.round(free)} | ${Math.round(held)} | ${(held / free).toFixed(2)} |`,
    ),
  ];
}
