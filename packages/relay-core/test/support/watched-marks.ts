import type { TestDatabase } from '@pgrelay/test-support';
import type pg from 'pg';
import { Marks } from '../../src/flow/marks.js';

/** Marks with a connection of their own and, unless a clock is given, no full scan. */
export class WatchedMarks {
  readonly marks: Marks;
  readonly #client: pg.Client;
  /** Runs before the statement that advances marks, after the look that allowed it. */
  beforeAdvance: () => Promise<unknown> = async () => undefined;

  constructor(client: pg.Client, now: () => number = () => -1) {
    this.#client = client;
    this.marks = new Marks(now);
  }

  async tick(times = 1): Promise<void> {
    for (let i = 0; i < times; i += 1) {
      await this.marks.tick({
        query: async (text: string, values?: unknown[]) => {
          if (text.includes('marks_v1')) await this.beforeAdvance();
          return this.#client.query(text, values);
        },
      });
    }
  }

  /** The events of a channel that a claim with these marks would find. */
  async visible(db: TestDatabase, channel: string): Promise<string[]> {
    const id = await channelId(db, channel);
    const { priorities, lows } = this.marks.of(id);
    const rows = await db.query<{ ids: string[] }>('select pgrelay.peek_v1($1, 1000, $2, $3)::text[] as ids', [
      id,
      priorities,
      lows,
    ]);
    return rows[0]?.ids ?? [];
  }

  /** The lowest mark of a channel; 0 without any. */
  async low(db: TestDatabase, channel: string): Promise<number> {
    const lows = this.marks.of(await channelId(db, channel)).lows.map(Number);
    return lows.length === 0 ? 0 : Math.min(...lows);
  }
}

export async function channelId(db: TestDatabase, name: string): Promise<number> {
  return (await db.query<{ id: number }>('select id from pgrelay.channels where name = $1', [name]))[0]?.id ?? 0;
}
