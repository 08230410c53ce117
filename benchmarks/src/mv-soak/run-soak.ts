import { setTimeout as pause } from 'node:timers/promises';
import type pg from 'pg';
import { random } from '../faults/random.js';
import { connect } from '../harness/connect.js';
import { runFolder, sqlFile } from '../harness/sql-files.js';
import { untilRefreshed } from '../harness/until-refreshed.js';
import { Checker } from './checker.js';
import { Counts } from './counts.js';
import { Focus } from './focus.js';
import { Mortal } from './kill-again-and-again.js';
import { migrateNowAndThen } from './migrate-now-and-then.js';
import { type Least, type SoakResult, soakResult, type Totals } from './result.js';
import { verifyAgainAndAgain } from './verify-again-and-again.js';
import { watchLocks } from './watch-locks.js';
import { Writer } from './writer.js';

export interface SoakOptions {
  /** A migrated database of the soak's own, on a server that takes prepared transactions. */
  readonly url: string;
  /** How long everybody works: up to twice as long for want of checks. */
  readonly seconds: number;
  /** What chance follows from: the same seed takes the same turns, though never at the same moments. */
  readonly seed: number;
  readonly least: Least;
  /** Progress, one line at a time. */
  readonly say: (text: string) => void;
}

const WRITERS = 8;
const CHECKERS = 2;
const PROCESSORS = 2;
const TELL_EVERY_MS = 10_000;
const PATIENCE_MS = 120_000;
const LOOK_MS = 100;

/**
 * Thirty views over twelve tables, eight writers, somebody who changes the tables, two Processors that are killed again
 * and again. Meanwhile views are compared with their queries, in the end all of them; auto-mv verifies them, too.
 */
export async function runSoak(options: SoakOptions): Promise<SoakResult> {
  const { url, seconds, seed, least, say } = options;
  const counts = new Counts();
  const clients: pg.Client[] = [];
  const open = async (name: string): Promise<pg.Client> => {
    const client = await connect(url, `soak ${name}`);
    clients.push(client);
    return client;
  };
  const processors: Mortal[] = [];
  try {
    const client = await open('main');
    await runFolder(client, 'mv-soak/setup');
    await client.query('select soak.fill()');
    await client.query('select soak.register()');
    for (let n = 0; n < PROCESSORS; n += 1) processors.push(new Mortal(url, random(seed + 100 + n), counts));
    for (const processor of processors) await processor.start();
    await untilRefreshed(client);
    const views = await column(client, 'views', 'id');
    say(`${views.length} views are registered and have their first contents; the writers begin.`);
    const began = performance.now();
    await run(client, open, processors, views, options, counts);
    await untilServed(client, counts);
    const last = new Checker(await open('last holder'), await open('last checker'), counts);
    for (const view of views)
      if (!(await untilChecked(last, view))) counts.failures.push(`view ${view} is not at rest in the end`);
    const { rows } = await client.query<Totals>(sqlFile('mv-soak/totals.sql'));
    const [totals] = rows;
    if (totals === undefined) throw new Error('the server gave no totals');
    return soakResult(seed, Math.max(seconds, (performance.now() - began) / 1_000), counts, totals, least);
  } finally {
    for (const processor of processors) await processor.stop();
    for (const client of clients) await client.end();
  }
}

/** Everything at once, for the time that was asked for; the first error ends it all. */
async function run(
  client: pg.Client,
  open: (name: string) => Promise<pg.Client>,
  processors: readonly Mortal[],
  views: readonly string[],
  { seconds, seed, least, say }: SoakOptions,
  counts: Counts,
): Promise<void> {
  const focus = new Focus(await column(client, 'targets', 'name'), random(seed));
  const stop = new AbortController();
  const { signal } = stop;
  const tell = setInterval(() => {
    const done = counts.committed + counts.twoPhaseCommitted;
    say(`${counts.checks} checks, ${counts.failures.length} failures, ${done} transactions, ${counts.kills} kills …`);
  }, TELL_EVERY_MS);
  const work = [
    focus.move(signal),
    ...Array.from({ length: WRITERS }, async (_, n) =>
      new Writer(await open(`writer ${n}`), n, random(seed + 1 + n), focus, counts).run(signal),
    ),
    ...Array.from({ length: CHECKERS }, async (_, n) =>
      new Checker(await open(`holder ${n}`), await open(`checker ${n}`), counts).run(
        views,
        random(seed + 20 + n),
        signal,
      ),
    ),
    ...processors.map((processor) => processor.killAgainAndAgain(signal)),
    open('locks').then((eye) => watchLocks(eye, counts, signal)),
    open('verifier').then((session) => verifyAgainAndAgain(session, signal)),
    open('migration').then((session) => migrateNowAndThen(session, focus, random(seed + 40), counts, signal)),
  ];
  try {
    await Promise.race([enough(counts, seconds, least.checks, signal), Promise.all(work)]);
  } finally {
    clearInterval(tell);
    stop.abort();
    await Promise.allSettled(work);
  }
  await Promise.all(work);
}

/** For the time that was asked for; on a machine that is slow, or busy, up to twice as long until there are checks enough. */
async function enough(counts: Counts, seconds: number, checks: number, stop: AbortSignal): Promise<void> {
  const began = performance.now();
  const passed = (): number => (performance.now() - began) / 1_000;
  while (!stop.aborted && (passed() < seconds || (counts.checks < checks && passed() < 2 * seconds)))
    await pause(LOOK_MS);
}

/** Until the Processors have served everything; a change that went unnoticed stays so, since nothing is asked for here. */
async function untilServed(client: pg.Client, counts: Counts): Promise<void> {
  const end = performance.now() + PATIENCE_MS;
  for (;;) {
    const { rows } = await client.query<{ dirty: number }>(sqlFile('mv-soak/dirty.sql'));
    if (rows[0]?.dirty === 0) return;
    if (performance.now() > end) {
      counts.failures.push(`${rows[0]?.dirty} views were not refreshed within ${PATIENCE_MS / 1_000} s`);
      return;
    }
    await pause(LOOK_MS);
  }
}

/** Tries again while the last refreshes make others due that read what they refreshed. */
async function untilChecked(checker: Checker, view: string): Promise<boolean> {
  for (let end = performance.now() + PATIENCE_MS; performance.now() < end; await pause(LOOK_MS))
    if (await checker.check(view)) return true;
  return false;
}

async function column(client: pg.Client, file: string, name: string): Promise<string[]> {
  const { rows } = await client.query<Record<string, string>>(sqlFile(`mv-soak/${file}.sql`));
  return rows.map((row) => row[name] ?? '');
}
