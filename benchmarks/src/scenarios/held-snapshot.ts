import { judge } from '../harness/bar.js';
import { serverFacts } from '../harness/environment.js';
import { installPeers } from '../harness/peers.js';
import { withDatabase, withServer } from '../harness/relay-database.js';
import type { Scenario } from '../harness/scenario.js';
import { drainsTable, measureDrains } from './held-snapshot/drains.js';
import { measureGraphile } from './held-snapshot/graphile.js';
import { measurePages, pagesTable } from './held-snapshot/pages.js';

/** What a session with an old snapshot, which keeps every dead row, does to claims and drains. */
export const heldSnapshot: Scenario = {
  name: 'held-snapshot',
  title: 'Another session holds an old snapshot: what claims read, and how fast events drain',

  run(context) {
    const { quick, say } = context;
    const { node, versions } = installPeers(say);
    return withServer('bench-held', context, async (server) => {
      const pages = await withDatabase(server, 'relay', 'pages', (database) => measurePages(database, quick, say));
      const graphile = await withDatabase(server, 'empty', 'graphile', ({ url, client }) =>
        measureGraphile(url, client, node, quick, say),
      );
      return withDatabase(server, 'relay', 'drains', async (database) => {
        const drains = await measureDrains(database, node, context);
        const bars = [...pages.bars, ...drains.bars];
        const { passed, lines } = judge(bars, quick);
        return {
          passed,
          lines: [...lines, '', ...pagesTable(pages.results), '', ...drainsTable(drains.pairs, graphile)],
          figures: { pages: pages.results, drains: drains.pairs, graphile, bars },
          server: await serverFacts(database.client),
          versions,
        };
      });
    });
  },
};
