import type { PolledChannel } from '../db/gateway.js';

/** A channel to work on. */
export interface Ready {
  readonly channel: PolledChannel;
  /** Changes whenever the channel is said to have work again. */
  readonly said: number;
}

/**
 * The channels that are believed to have work: a look finds them, a hint names one, and a claim that comes back with less than
 * it asked for takes its channel out. Believing too much costs a claim that finds nothing.
 */
export class ReadyChannels {
  readonly #known = new Map<number, PolledChannel>();
  readonly #ready = new Map<number, number>();
  #said = 0;

  get size(): number {
    return this.#ready.size;
  }

  /** What a look found. */
  found(channels: readonly PolledChannel[]): void {
    for (const channel of channels) {
      this.#known.set(channel.id, channel);
      this.#say(channel.id);
    }
  }

  /** A hint, or room for more work. False when no look has described the channel yet. */
  add(channelId: number): boolean {
    if (!this.#known.has(channelId)) return false;
    this.#say(channelId);
    return true;
  }

  /** The channel whose turn it is, among those that are not passed over; the others come before it is next again. */
  next(passOver: (channel: PolledChannel) => boolean): Ready | undefined {
    for (const [id, said] of this.#ready) {
      const channel = this.#known.get(id);
      if (channel === undefined || passOver(channel)) continue;
      this.#ready.delete(id);
      this.#ready.set(id, said);
      return { channel, said };
    }
    return undefined;
  }

  /** There was no work, or not enough; unless somebody has said otherwise meanwhile. */
  drained({ channel, said }: Ready): void {
    if (this.#ready.get(channel.id) === said) this.#ready.delete(channel.id);
  }

  /** Forgets what the channels are like: one was registered, changed or dropped. */
  forget(): void {
    this.#known.clear();
    this.#ready.clear();
  }

  #say(channelId: number): void {
    this.#said += 1;
    this.#ready.set(channelId, this.#said);
  }
}
