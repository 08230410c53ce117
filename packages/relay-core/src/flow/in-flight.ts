import type { Fence } from '../db/gateway.js';

/** One attempt at an event that this Processor makes. Two attempts at one event are two of these. */
export interface Claim {
  readonly fence: Fence;
  readonly channelId: number;
  readonly channel: string;
  readonly id: string;
  readonly attempt: number;
  /** Somebody asked for the event to be cancelled. */
  cancelled?: boolean;
  /** While it runs: aborts the handler's signal, or cancels the statement of a top-level event. */
  abort?: (reason: Error) => void;
}

/**
 * So many ids of events that were cancelled and are not ours are remembered, for so long: the reply of their claim may be on its way.
 * One that comes later was made ready again meanwhile, as by a redrive.
 */
const rememberedAtMost = 1_000;
const rememberedMs = 10_000;

/**
 * The attempts whose end is not written yet. A Processor that was declared dead may run an event a second time while its
 * first attempt has not returned; stop() waits for both, so each counts by itself.
 */
export class InFlight {
  readonly #claims = new Set<Claim>();
  /** In the order in which they came. */
  readonly #cancelledBefore = new Map<string, number>();

  get size(): number {
    return this.#claims.size;
  }

  add(
    fence: Fence,
    channel: { readonly id: number; readonly name: string },
    event: { readonly id: string; readonly attempt: number },
  ): Claim {
    const claim: Claim = { fence, channelId: channel.id, channel: channel.name, id: event.id, attempt: event.attempt };
    const cancelledAt = this.#cancelledBefore.get(event.id);
    this.#cancelledBefore.delete(event.id);
    if (cancelledAt !== undefined && performance.now() - cancelledAt < rememberedMs) claim.cancelled = true;
    this.#claims.add(claim);
    return claim;
  }

  delete(claim: Claim): void {
    this.#claims.delete(claim);
  }

  /** Asks whatever runs this event to stop, if it is one of ours or is about to be. */
  cancel(id: string): void {
    let isOurs = false;
    for (const claim of this.#claims) {
      if (claim.id !== id) continue;
      isOurs = true;
      if (claim.cancelled === true) continue;
      claim.cancelled = true;
      claim.abort?.(new Error('the event was cancelled'));
    }
    if (isOurs) return;
    this.#cancelledBefore.delete(id); // the newest is the last
    this.#cancelledBefore.set(id, performance.now());
    if (this.#cancelledBefore.size <= rememberedAtMost) return;
    for (const oldest of this.#cancelledBefore.keys()) {
      this.#cancelledBefore.delete(oldest);
      break;
    }
  }

  /** Whether an event that the database holds for this slot and epoch is one of ours. */
  holds(fence: Fence, id: string): boolean {
    for (const claim of this.#claims) if (claim.id === id && claim.fence === fence) return true;
    return false;
  }
}
