import { RelayError } from '@pgrelay/relay-sql';
import { type Fence, gateway } from '../db/gateway.js';
import { isServerAway } from '../db/pg-error.js';
import type { Queryable } from '../db/queryable.js';

/** Between two writes of one attempt, in ms. */
const everyMs = 500;

/** How far one attempt has come, written for people who look. It is not worth an attempt: a database that is away is no error. */
export class Progress {
  readonly #db: Queryable;
  readonly #fence: Fence;
  readonly #attempt: { readonly id: string; readonly attempt: number };
  #writtenAt = Number.NEGATIVE_INFINITY;

  constructor(db: Queryable, fence: Fence, attempt: { readonly id: string; readonly attempt: number }) {
    this.#db = db;
    this.#fence = fence;
    this.#attempt = attempt;
  }

  /** @throws RelayError RELAY_ARGUMENT_INVALID, RELAY_FENCED */
  async say(progress: number, note: string | undefined): Promise<void> {
    if (!Number.isFinite(progress) || !isNote(note)) throw unfit(progress, note);
    const now = performance.now();
    if (now < this.#writtenAt + everyMs) return;
    this.#writtenAt = now;
    try {
      await gateway.noteProgress(this.#db, this.#fence, this.#attempt, progress, note ?? null);
    } catch (error) {
      if (!isServerAway(error)) throw error;
    }
  }
}

const isNote = (note: unknown): boolean =>
  note === undefined || (typeof note === 'string' && !note.includes('\0') && Buffer.byteLength(note) <= 200);

/** Says nothing of the note itself: it may be what it must not be. */
const unfit = (progress: unknown, note: unknown) =>
  new RelayError('RELAY_ARGUMENT_INVALID', `the progress is ${String(progress)}, its note ${typeof note}`, {
    hint: 'Give a finite number, and a note of at most 200 octets without a NUL character.',
  });
