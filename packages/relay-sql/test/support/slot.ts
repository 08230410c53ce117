import type { TestDatabase } from '@pgrelay/test-support';

/** A slot taken by hand, to call what a Processor calls. Nobody beats for it, so its lease outlives any test. */
export interface Slot {
  readonly slot: number;
  readonly epoch: string;
}

export interface BatchCounts {
  readonly busy: boolean;
  readonly limited: boolean;
  readonly taken: number;
  readonly done: number;
  readonly retried: number;
  readonly failed: number;
}

export async function takeSlot(db: Pick<TestDatabase, 'query'>, leaseMs = 600_000): Promise<Slot> {
  const rows = await db.query<{ slot: number; epoch: string }>(
    "select slot, epoch::text from pgrelay.attach_v1('test', 1, 'test', $1, 1, '{}')",
    [leaseMs],
  );
  return rows[0] as Slot;
}

export async function channelId(db: Pick<TestDatabase, 'query'>, name: string): Promise<number> {
  return (await db.query<{ id: number }>('select id from pgrelay.channels where name = $1', [name]))[0]?.id ?? 0;
}

/** Runs one batch of a SQL channel. */
export async function runBatch(
  db: Pick<TestDatabase, 'query'>,
  slot: Slot,
  channel: string,
  limit = 100,
  singly = false,
): Promise<BatchCounts> {
  const id = await channelId(db, channel);
  const rows = await db.query<BatchCounts>(
    'select busy, limited, taken, done, retried, failed from pgrelay.run_batch_v1($1, $2, 1::smallint, $3, $4, $5, 10000)',
    [slot.slot, slot.epoch, id, limit, singly],
  );
  return rows[0] as BatchCounts;
}

export async function claim(
  db: Pick<TestDatabase, 'query'>,
  slot: Slot,
  channel: string,
  limit = 100,
): Promise<string[]> {
  const id = await channelId(db, channel);
  const rows = await db.query<{ id: string }>('select id::text from pgrelay.claim_v1($1, $2, 1::smallint, $3, $4)', [
    slot.slot,
    slot.epoch,
    id,
    limit,
  ]);
  return rows.map((row) => row.id);
}

/** Ends claimed events, all with the same outcome. */
export async function settle(
  db: Pick<TestDatabase, 'query'>,
  slot: Slot,
  ids: readonly string[],
  outcome: string,
  delayMs: number | null = null,
  error: object | null = null,
  attempts?: readonly number[],
): Promise<string[]> {
  const current = await db.query<{ id: string; attempt: number }>(
    'select id::text, attempt from pgrelay.queue where id = any ($1)',
    [ids],
  );
  const rows = await db.query<{ outcome: string }>(
    'select outcome from pgrelay.settle_v1($1, $2, $3, $4, $5, $6, $7, $8, $9)',
    [
      slot.slot,
      slot.epoch,
      ids,
      attempts ?? ids.map((id) => current.find((row) => row.id === id)?.attempt ?? 0),
      ids.map(() => outcome),
      ids.map(() => delayMs),
      ids.map(() => 5),
      ids.map(() => 0),
      ids.map(() => (error === null ? null : JSON.stringify(error))),
    ],
  );
  return rows.map((row) => row.outcome);
}

/** The audit rows of a channel, oldest first. */
export function logOf(db: Pick<TestDatabase, 'query'>, channel: string) {
  return db.query<{ event_id: string; outcome: string; attempt: number; sqlstate: string | null; code: string | null }>(
    'select event_id::text, outcome, attempt, sqlstate, code from pgrelay.log where channel = $1 order by finished_at, event_id',
    [channel],
  );
}
