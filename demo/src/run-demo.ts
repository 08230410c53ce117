import { setTimeout as pause } from 'node:timers/promises';
import type pg from 'pg';
import { fillUntilRefreshTakes, fillWith } from './calibrate.js';
import { connect } from './connect.js';
import { makeDemoDatabase } from './demo-database.js';
import { readFigures, readTimeline } from './figures.js';
import { count, duration } from './format.js';
import { openServer } from './open-server.js';
import type { DemoOptions } from './options.js';
import { dirtyFlagPattern } from './patterns/dirty-flag.js';
import type { Pattern } from './patterns/pattern.js';
import { relayPattern } from './patterns/relay.js';
import type { Screen } from './screen.js';
import { runFolder } from './sql-files.js';
import { type Summary, summarise } from './summary.js';
import { readState, type WalkThrough, walkThrough } from './walk-through.js';
import { WriterProcess } from './writer-process.js';

const LOOK_EVERY_MS = 400;
const BUCKETS = 56;

/** The whole demo: server, shop, pattern, writer, end. `stop` is aborted by Ctrl-C. */
export async function runDemo(options: DemoOptions, screen: Screen, stop: AbortSignal): Promise<Summary> {
  const server = await openServer(options.database, (text) => screen.say(text));
  try {
    const url = await makeDemoDatabase(server.url);
    screen.say(`Using ${server.title}, in the database pgrelay_demo made for this run.`);
    const client = await connect(url, 'screen');
    try {
      stop.throwIfAborted();
      await openShop(client, options, screen, stop);
      const pattern = await (options.pattern === 'relay'
        ? relayPattern(url, client, !options.break)
        : dirtyFlagPattern(url, client));
      await runFolder(client, 'figures');
      stop.throwIfAborted();
      await pattern.start();
      try {
        return await watch(url, client, pattern, options, screen, stop);
      } finally {
        await pattern.stop();
      }
    } finally {
      await client.end();
    }
  } finally {
    await server.stop();
  }
}

async function openShop(client: pg.Client, options: DemoOptions, screen: Screen, stop: AbortSignal): Promise<void> {
  await runFolder(client, 'shop');
  await runFolder(client, 'demo');
  if (options.orders === undefined)
    screen.say(`Filling the shop until one refresh takes about ${duration(options.refreshCostMs)} …`);
  const { orders, refreshMs } = await (options.orders === undefined
    ? fillUntilRefreshTakes(client, options.refreshCostMs, stop)
    : fillWith(client, options.orders));
  screen.say(
    `${count(orders)} orders, ${count(orders * 3)} items; a refresh takes ${duration(refreshMs)} undisturbed.`,
  );
}

/** Walk-through, writers at work, and the end: writers stop, one last price, comparison. */
async function watch(
  url: string,
  client: pg.Client,
  pattern: Pattern,
  options: DemoOptions,
  screen: Screen,
  stop: AbortSignal,
): Promise<Summary> {
  const walk = await walkThrough(client, (token) => pattern.untilServed(token));
  screen.say(`Order 1001 commits: ${walk.before.viewName} | ${flag(walk.before)}`);
  screen.say(`Once refreshed:     ${walk.after.viewName} | ${flag(walk.after)}`);
  stop.throwIfAborted();
  await client.query('select demo.begin_run()');
  const writer = await WriterProcess.start(url, options);
  try {
    const waiting = await look(client, { pattern, options, screen, stop, writer, walk });
    const token = await writer.stop();
    await client.query('select demo.end_run()');
    screen.done();
    screen.say('The writers have stopped; waiting until the view holds their last write …');
    await pattern.untilServed(token);
    await lastPrice(client, pattern, screen);
    return await summarise(client, options.pattern, waiting);
  } finally {
    writer.kill();
  }
}

interface Looking {
  readonly pattern: Pattern;
  readonly options: DemoOptions;
  readonly screen: Screen;
  readonly stop: AbortSignal;
  readonly writer: WriterProcess;
  readonly walk: WalkThrough;
}

/** Shows the figures until the time is over; returns how often a writer was seen waiting for the refresh. */
async function look(client: pg.Client, { pattern, options, screen, stop, writer, walk }: Looking): Promise<number> {
  const began = performance.now();
  const endMs = options.forMs ?? Number.POSITIVE_INFINITY;
  let broken = !options.break;
  let waiting = 0;
  while (!stop.aborted && performance.now() - began < endMs) {
    const figures = await readFigures(client, '1 minute');
    const timeline = await readTimeline(client, BUCKETS);
    if (figures.blocked > 0) waiting += 1;
    const { title, headline } = pattern;
    screen.show({
      title,
      headline,
      writers: options.writers,
      walkThrough: walk,
      figures,
      timeline,
      trouble: pattern.trouble(),
    });
    if (!broken && performance.now() - began > Math.min(endMs / 2, 10_000)) {
      broken = true;
      await client.query('select demo.drop_price_triggers()');
      screen.say('--break: the triggers of public.products are dropped.');
    }
    const left = Math.min(LOOK_EVERY_MS, endMs - (performance.now() - began));
    await Promise.race([pause(Math.max(0, left), undefined, { signal: stop }).catch(() => undefined), writer.failed]);
  }
  if (!broken) await client.query('select demo.drop_price_triggers()');
  return waiting;
}

/** A last price change that nothing follows: only its own trigger can tell that the view is stale. */
async function lastPrice(client: pg.Client, pattern: Pattern, screen: Screen): Promise<void> {
  await client.query('select demo.change_price(2)');
  screen.say(`One more price changes: is_dirty ${flag(await readState(client))}`);
  await pattern.untilSettled();
  screen.say(`Once nothing is due:    is_dirty ${flag(await readState(client))}`);
}

const flag = ({ isDirty, lastRefreshedAt }: WalkThrough['before']) => `${isDirty ? 't' : 'f'} | ${lastRefreshedAt}`;
