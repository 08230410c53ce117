import { Processor, stopOnSignals } from '@pgrelay/relay-core';
import { migrate } from '@pgrelay/relay-sql';
import { checkSchema } from '../check-schema.js';
import { composedPlugins } from '../compose.js';
import { EarlySignals } from '../early-signals.js';
import { makeLogger } from '../logger.js';
import { openDatabase } from '../open-database.js';
import type { StartOptions } from '../options.js';

/** Runs a Processor until it is told to stop. */
export async function runStart(options: StartOptions): Promise<number> {
  const signals = new EarlySignals();
  const log = makeLogger(options);
  try {
    const database = await openDatabase(options, (text) => log.info(text));
    try {
      // On standard error, not in the log: it holds the password of the embedded server.
      if (database.embedded) process.stderr.write(`Connect with DATABASE_URL='${database.url}'\n`);
      const plugins = composedPlugins();
      const modules = plugins.flatMap((plugin) => (plugin.sql === undefined ? [] : [plugin.sql]));
      if (database.embedded || options.migrate === true) {
        await migrate({ connectionString: database.url, modules, onStep: (step) => log.info(step, 'migrating') });
      } else {
        await checkSchema(database.url, modules, log);
      }
      if (signals.seen) return 0;
      const { workers, httpPort, httpHost } = options;
      const server = httpPort === undefined ? {} : { server: { port: httpPort, host: httpHost } };
      const processor = new Processor({ connectionString: database.url, workers, plugins, log, ...server });
      const stopped = stopOnSignals(processor);
      signals.handOver();
      await processor.start();
      return await stopped;
    } finally {
      await database.close();
    }
  } finally {
    signals.release();
  }
}
