import { migrateRelay, withServer } from '../harness/relay-database.js';
import { UsageError } from '../harness/usage-error.js';
import { readOptions } from './options.js';
import { tell } from './result.js';
import { runSoak } from './run-soak.js';

/** Processes die here and the machine does not: what is written need not be on the disk. */
const SETTINGS = { fsync: 'off', max_connections: '200', max_prepared_transactions: '50' };

/** A run of so many seconds kills two Processors every five, and one refresh in ten is looked into. */
const LEAST = { inside: 20, kills: 3 };

const { database, seconds, checks, seed, json } = readOptions(process.argv.slice(2));
const say = json ? console.error : console.log;
// The server ends with us, and the Processors do when we go.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
try {
  say(`Seed ${seed}: chance takes the same turns with --seed ${seed}.`);
  const result = await withServer(
    'mv-soak',
    { database, say },
    async (server) => {
      const url = await server.make();
      await migrateRelay(url);
      return runSoak({ url, seconds, seed, least: { ...LEAST, checks }, say });
    },
    SETTINGS,
  );
  for (const line of tell(result)) say(line);
  if (json) console.log(JSON.stringify(result));
  process.exitCode = result.failures.length === 0 ? 0 : 1;
} catch (error) {
  console.error(error instanceof UsageError ? error.message : error);
  process.exitCode = 1;
}
