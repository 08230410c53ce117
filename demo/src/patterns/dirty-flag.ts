import { setTimeout as pause } from 'node:timers/promises';
import type pg from 'pg';
import { connect } from '../connect.js';
import { runFolder } from '../sql-files.js';
import type { Pattern } from './pattern.js';
import { untilSettled } from './settled.js';

const EVERY_MS = 3_000;

/** The published pattern with its own SQL; a connection with a timer does what pg_cron would. */
export async function dirtyFlagPattern(url: string, client: pg.Client): Promise<Pattern> {
  await runFolder(client, 'dirty-flag');
  const stopping = new AbortController();
  let trouble = '';
  let running: Promise<void> | undefined;

  async function callEvery(): Promise<void> {
    const timer = await connect(url, 'timer');
    try {
      while (!stopping.signal.aborted) {
        await refresh(timer).catch((error: unknown) => {
          trouble = error instanceof Error ? error.message : String(error);
        });
        await pause(EVERY_MS, undefined, { signal: stopping.signal }).catch(() => undefined);
      }
    } finally {
      await timer.end();
    }
  }

  return {
    title: 'the dirty-flag pattern',
    headline: 'The published pattern, its SQL unchanged: an order that comes during a refresh waits until it ends.',
    async start() {
      running = callEvery();
    },
    untilServed: () => untilSettled(client),
    untilSettled: () => untilSettled(client),
    trouble: () => trouble,
    async stop() {
      stopping.abort();
      await running;
    },
  };
}

async function refresh(timer: pg.Client): Promise<void> {
  const { rows } = await timer.query<{ id: number }>('select demo.begin_refresh() as id');
  try {
    await timer.query('call public.refresh_dirty_materialized_views()');
  } finally {
    await timer.query('select demo.end_refresh($1)', [rows[0]?.id]);
  }
}
