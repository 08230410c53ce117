import { judge } from '../harness/bar.js';
import { serverFacts } from '../harness/environment.js';
import { installPeers } from '../harness/peers.js';
import { type RelayDatabase, withDatabase, withServer } from '../harness/relay-database.js';
import type { Scenario, ScenarioContext } from '../harness/scenario.js';
import { runFolder, sqlFile } from '../harness/sql-files.js';
import { measureEmptyCheck } from './idle/empty-check.js';
import { type IdleProcessor, measureIdleProcessors } from './idle/processors.js';

const ROWS = { full: { delayed: 1_000_000, log: 10_000_000 }, quick: { delayed: 1_000, log: 10_000 } } as const;

/** What a Processor costs that has nothing to do, beside a large backlog and a long audit log. */
export const idle: Scenario = {
  name: 'idle',
  title: 'A Processor that has nothing to do, with a million delayed events and ten million audit rows',
  run(context) {
    const { node, versions } = installPeers(context.say);
    return withServer('bench-idle', context, (server) =>
      withDatabase(server, 'relay', 'relay', (database) =>
        withDatabase(server, 'empty', 'graphile', async (empty) => ({
          ...(await measure(database, empty, node, context)),
          versions,
        })),
      ),
    );
  },
};

async function measure(database: RelayDatabase, empty: RelayDatabase, node: string, { quick, say }: ScenarioContext) {
  const { client } = database;
  await prepare(database, quick);
  say('the tables are filled');
  const processors = await measureIdleProcessors(database, empty, node, quick, say);
  const { checks, bars } = await measureEmptyCheck(database, quick);
  const { passed, lines } = judge([...processors.bars, ...bars], quick);
  return {
    passed,
    figures: { processors: processors.idle, emptyChecks: checks },
    lines: [...lines, '', ...table(processors.idle)],
    server: await serverFacts(client),
  };
}

async function prepare({ client }: RelayDatabase, quick: boolean): Promise<void> {
  const { delayed, log } = quick ? ROWS.quick : ROWS.full;
  await client.query(sqlFile('idle/register.sql'), [1]);
  await client.query(sqlFile('engine/delayed.sql'), ['idle.1', delayed]);
  await client.query(sqlFile('idle/log.sql'), [log]);
  await runFolder(client, 'engine/settle');
}

function table(idle: readonly IdleProcessor[]): string[] {
  const connections = idle.flatMap(({ name, statements }) =>
    Object.entries(statements).map(([connection, rate]) => `| ${name} | ${connection} | ${rate} |`),
  );
  const cpu = idle.map(
    ({ name, cpuPercent, backendsCpuPercent, seconds }) =>
      `${name}: ${cpuPercent.toFixed(2)} % of a CPU in the process, ${backendsCpuPercent.toFixed(2)} % in its backends, over ${seconds} s.`,
  );
  return ['| Processor | connection | statements/s |', '|---|---|---:|', ...connections, '', ...cpu];
}
