const WRITERS_SHARE_CUSTOMERS = 59;
const WRITERS_SHARE_TRACKS = 3_500;
const WRITERS_SHARE_GENRES = 25;

/**
 * What one writer may touch: its share of Chinook's rows, and what it made itself. Nobody else writes these, so that the
 * writers never wait for one another, and each knows what its own rows should look like.
 */
export class Belongings {
  readonly invoices: number[] = [];
  readonly customers: number[] = [];
  readonly tracks: number[] = [];
  readonly playlists: number[] = [];
  readonly #index: number;
  readonly #writers: number;

  constructor(index: number, writers: number) {
    this.#index = index;
    this.#writers = writers;
  }

  /** A customer of Chinook's own, or one that this writer made. */
  customer(): number {
    return pick(this.customers) !== undefined && Math.random() < 0.5
      ? (pick(this.customers) ?? this.#share(WRITERS_SHARE_CUSTOMERS))
      : this.#share(WRITERS_SHARE_CUSTOMERS);
  }

  /** A customer that is never deleted. */
  lastingCustomer(): number {
    return this.#share(WRITERS_SHARE_CUSTOMERS);
  }

  track(): number {
    return this.#share(WRITERS_SHARE_TRACKS);
  }

  genre(): number {
    return this.#share(WRITERS_SHARE_GENRES);
  }

  #share(rows: number): number {
    const mine = Math.floor((rows - 1 - this.#index) / this.#writers) + 1;
    return 1 + this.#index + this.#writers * Math.floor(Math.random() * mine);
  }
}

export function pick<T>(list: readonly T[]): T | undefined {
  return list[Math.floor(Math.random() * list.length)];
}

export function remove<T>(list: T[], item: T): void {
  list.splice(list.indexOf(item), 1);
}

export const below = (limit: number): number => Math.floor(Math.random() * limit);
