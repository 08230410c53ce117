import type pg from 'pg';
import type { HandProcessor, Path } from './hand-processor.js';
import { sqlFile } from './sql-files.js';

export const BATCHES = [10, 100, 1_000] as const;

/** Events claimed for one figure, in claims of the size that is measured. */
const EVENTS_EACH = { quick: 100, full: 4_000 } as const;

/** A channel whose claims are measured. */
export interface Measured {
  readonly name: string;
  readonly path: Path;
  readonly priorities: number;
  readonly id: number;
}

/** Pages per claimed event, by batch size. */
export type Pages = ReadonlyMap<number, number>;

/** Handler and SQL channels, with one priority and with several. */
export async function registerMeasured(client: pg.Client, priorities: readonly number[]): Promise<Measured[]> {
  const measured: Measured[] = [];
  for (const path of ['claim', 'run batch'] as const) {
    for (const count of priorities) {
      const name = `${path === 'claim' ? 'handler' : 'sql'}.${count}`;
      const action = path === 'claim' ? null : 'select $1';
      const { rows } = await client.query<{ id: number }>(sqlFile('engine/register.sql'), [name, action]);
      measured.push({ name, path, priorities: count, id: rows[0]?.id ?? 0 });
    }
  }
  return measured;
}

/**
 * Claims at each batch size and divides the pages that were read by the events. Each claim finds just as many events as it
 * asks for, in all priorities, so that it has to look into every lane.
 */
export async function pagesPerEvent(processor: HandProcessor, channel: Measured, quick: boolean): Promise<Pages> {
  const { id, name, path, priorities } = channel;
  await processor.enqueue(name, 20 * priorities, priorities);
  await processor.drain(path, id, 20 * priorities, priorities); // the session's plans are made by now
  const pages = new Map<number, number>();
  for (const batch of BATCHES) {
    const claims = Math.max(1, Math.round((quick ? EVENTS_EACH.quick : EVENTS_EACH.full) / batch));
    await processor.tick();
    let sum = 0;
    for (let n = 0; n < claims; n += 1) {
      sum += await processor.pages(path, id, name, batch, priorities);
    }
    pages.set(batch, sum / (claims * batch));
  }
  return pages;
}

/** Every event that was taken has one audit row, that of a success. */
export async function checkLedger(client: pg.Client, channels: readonly Measured[], ended: number): Promise<void> {
  let done = 0;
  for (const { name } of channels) {
    const { rows } = await client.query<{ done: number; other: number }>(sqlFile('engine/ended.sql'), [name]);
    done += rows[0]?.done ?? 0;
    if (rows[0]?.other !== 0) throw new Error(`${rows[0]?.other} attempts of ${name} did not end well`);
  }
  if (done !== ended) throw new Error(`${ended} events were taken and ${done} have an audit row`);
}
