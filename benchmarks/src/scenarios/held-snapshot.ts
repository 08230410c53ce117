import { judge } from '../harness/bar.js';
import { BenchServer } from '../harness/bench-server.js';
import { connect } from '../harness/connect.js';
import { serverFacts } from '../harness/environment.js';
import { installPeers } from '../harness/peers.js';
import { migrateRelay, type RelayDatabase } from '../harness/relay-database.js';
import type { Scenario } from '../harness/scenario.js';
import { drainsTable, measureDrains } from './held-snapshot/drains.js';
import { measureGraphile } from './held-snapshot/graphile.js';
import { type DeadRowPages, measurePages } from './held-snapshot/pages.js';

/** What a session with an old snapshot, which keeps every dead row, does to claims and drains. */
export const heldSnapshot: Scenario = {
  name: 'held-snapshot',
  title: 'Another session holds an old snapshot: what claims read, and how fast events drain',

  async run(context) {
    const peers = installPeers(context.say);
    const server = await BenchServer.open('bench-held', context.database, context.say);
    try {
      const withDatabase = async <T>(suffix: string, work: (database: RelayDatabase) => Promise<T>): Promise<T> => {
        const url = await server.make(suffix);
        const client = await connect(url, 'benchmark');
        return work({ url, client }).finally(async () => {
          await client.end();
          await server.drop(suffix);
        });
      };
      const pages = await withDatabase('pages', async (database) => {
        await migrateRelay(database.url);
        return measurePages(database, context.quick, context.say);
      });
      const graphile = await withDatabase('graphile', ({ url, client }) =>
        measureGraphile(url, client, peers.node, context.quick),
      );
      return await withDatabase('drains', async (database) => {
        await migrateRelay(database.url);
        const drains = await measureDrains(database, peers.node, context);
        const { passed, lines } = judge([...pages.bars, ...drains.bars], context.quick);
        return {
          passed,
          lines: [...lines, '', ...pagesTable(pages.results), '', ...drainsTable(drains.pairs, graphile)],
          figures: { pages: pages.results, drains: drains.pairs, graphile, bars: [...pages.bars, ...drains.bars] },
          server: await serverFacts(database.client),
          versions: peers.versions,
        };
      });
    } finally {
      await server.close();
    }
  },
};

function pagesTable(results: readonly DeadRowPages[]): string[] {
  const rows = results.flatMap(({ path, priorities, deadRows, pages }) =>
    Object.entries(pages).map(
      ([batch, each]) =>
        `| ${path} | ${priorities} | ${batch} | ${each.map((n) => n.toFixed(2)).join(' | ')} | ${deadRows.join(' and ')} |`,
    ),
  );
  return [
    '| pages read an event | priorities | batch | few dead rows | many | that is |',
    '|---|---:|---:|---:|---:|---|',
    ...rows,
  ];
}
