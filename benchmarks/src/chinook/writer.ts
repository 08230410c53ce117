import type pg from 'pg';
import { Belongings, below } from './belongings.js';
import type { Counts } from './counts.js';
import { anyDeed, playlistDeed } from './deeds.js';
import { checkFreshness, views } from './freshness-check.js';
import type { Gate } from './gate.js';
import { planTurns } from './plan-turns.js';
import { type Fate, Transaction } from './transaction.js';

export interface Share {
  readonly index: number;
  readonly writers: number;
  /** Transactions of this writer, and how many of them are special. */
  readonly transactions: number;
  readonly checks: number;
  readonly long: number;
  readonly truncates: number;
}

const LONG_MS = 3_200;

/** One connection that makes its share of the transactions, one after another. */
export class SoakWriter {
  readonly #client: pg.Client;
  readonly #share: Share;
  readonly #counts: Counts;
  readonly #playlistTracks: Gate;
  readonly #own: Belongings;

  constructor(client: pg.Client, share: Share, counts: Counts, playlistTracks: Gate) {
    this.#client = client;
    this.#share = share;
    this.#counts = counts;
    this.#playlistTracks = playlistTracks;
    this.#own = new Belongings(share.index, share.writers);
  }

  async run(stop: AbortSignal): Promise<void> {
    const turns = planTurns(this.#share);
    let checks = this.#share.index;
    for (let n = 0; n < this.#share.transactions; n += 1) {
      stop.throwIfAborted();
      const turn = turns.get(n);
      if (turn === 'truncate') await this.#truncate(n);
      else if (turn === 'check') await this.#check(checks++);
      else if (turn === 'long') await this.#write({ holdMs: LONG_MS, rollback: below(5) === 0 });
      else await this.#write({ rollback: below(100) < 8 });
    }
  }

  async #write(fate: Fate): Promise<void> {
    if (below(100) < 15) await this.#playlistTracks.share(() => this.#run(playlistDeed, fate));
    else await this.#run(anyDeed, fate);
  }

  /** One to three deeds; now and then one more that a savepoint takes back. */
  async #run(deed: typeof anyDeed, fate: Fate): Promise<void> {
    const { index } = this.#share;
    await Transaction.run(
      this.#client,
      this.#counts,
      async (tx) => {
        const first = await deed(tx, this.#own, index);
        if (below(100) < 10) await tx.inVain(() => deed(tx, this.#own, index));
        const genre = this.#own.genre();
        if (below(100) < 10) await tx.call('rename_genre', genre);
        return first;
      },
      fate,
    );
  }

  async #check(turn: number): Promise<void> {
    const view = views[turn % views.length] ?? 'customers_by_value';
    const check = () => checkFreshness(this.#client, this.#counts, this.#own, this.#share.index, view);
    if (view === 'playlist_popularity') await this.#playlistTracks.share(check);
    else await check();
  }

  async #truncate(n: number): Promise<void> {
    await this.#playlistTracks.alone(async () => {
      await Transaction.run(this.#client, this.#counts, async (tx) => {
        await tx.call('reload_playlist_tracks', n + this.#share.index);
        return () => {
          this.#counts.truncates += 1;
        };
      });
    });
  }
}
