import { readFileSync } from 'node:fs';
import { autoMvSql } from '@pgrelay/auto-mv';
import { migrate } from '@pgrelay/relay-sql';
import { connect } from '../harness/connect.js';
import { openFreshDatabase } from '../harness/fresh-database.js';
import { ProcessorProcess } from '../harness/processor-process.js';
import { runFolder } from '../harness/sql-files.js';
import { UsageError } from '../harness/usage-error.js';
import { Counts } from './counts.js';
import { Gate } from './gate.js';
import { monitor, untilClean } from './monitor.js';
import type { SoakOptions } from './options.js';
import { type SoakResult, soakResult } from './result.js';
import { shareOut } from './share-out.js';
import { SoakWriter } from './writer.js';

const TELL_EVERY_MS = 2_000;

/** Loads Chinook, lets the writers write beside a Processor in a process of its own, and compares at the end. */
export async function runSoak(options: SoakOptions, say: (text: string) => void): Promise<SoakResult> {
  const chinook = readChinook(options.file);
  const database = await openFreshDatabase('chinook', options.database, say);
  try {
    const client = await connect(database.url, 'soak main');
    try {
      await client.query(chinook);
      await migrate({ connectionString: database.url, modules: [autoMvSql] });
      for (const folder of ['setup', 'writes', 'checks']) await runFolder(client, `chinook/${folder}`);
      await client.query('select soak.register()');
      const processor = await ProcessorProcess.start(database.url);
      try {
        await untilClean(client);
        say('Chinook is loaded and the views are registered; the writers begin.');
        const counts = new Counts();
        const begin = performance.now();
        await write(database.url, options, counts, say);
        const seconds = (performance.now() - begin) / 1000;
        await untilClean(client);
        return await soakResult(client, options, counts, seconds);
      } finally {
        await processor.stop();
      }
    } finally {
      await client.end();
    }
  } finally {
    await database.close();
  }
}

function readChinook(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    throw new UsageError(`${file} cannot be read. Name the file chinook.sql.`);
  }
}

async function write(url: string, options: SoakOptions, counts: Counts, say: (text: string) => void): Promise<void> {
  const stopLooking = new AbortController();
  const failed = new AbortController();
  const gate = new Gate();
  const watcher = await connect(url, 'soak monitor');
  const looking = monitor(watcher, counts, stopLooking.signal);
  const tell = setInterval(() => {
    const { transactions, fresh, truncates, long } = counts;
    say(`${transactions} transactions, ${fresh} times fresh, ${truncates} TRUNCATEs, ${long} held open …`);
  }, TELL_EVERY_MS);
  try {
    await Promise.all(
      shareOut(options).map(async (share) => {
        const client = await connect(url, `soak writer ${share.index}`);
        try {
          await new SoakWriter(client, share, counts, gate).run(failed.signal);
        } catch (error) {
          failed.abort(error);
          throw error;
        } finally {
          await client.end();
        }
      }),
    );
  } finally {
    clearInterval(tell);
    stopLooking.abort();
    await looking;
    await watcher.end();
  }
}
