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
  /** While its handler runs: aborts the handler's signal. */
  abort?: (reason: Error) => void;
}

/**
 * The attempts whose end is not written yet. A Processor that was declared dead may run an event a second time while its
 * first attempt has not returned; stop() waits for both, so each counts by itself.
 */
export class InFlight {
  readonly #claims = new Set<Claim>();

  get size(): number {
    return this.#claims.size;
  }

  add(
    fence: Fence,
    channel: { readonly id: number; readonly name: string },
    event: { readonly id: string; readonly attempt: number },
  ): Claim {
    const claim: Claim = { fence, channelId: channel.id, channel: channel.name, id: event.id, attempt: event.attempt };
    this.#claims.add(claim);
    return claim;
  }

  delete(claim: Claim): void {
    this.#claims.delete(claim);
  }

  /** Asks the handler of this event, if it is one of ours, to stop. */
  cancel(id: string): void {
    for (const claim of this.#claims) {
      if (claim.id !== id || claim.cancelled === true) continue;
      claim.cancelled = true;
      claim.abort?.(new Error('the event was cancelled'));
    }
  }

  /** Whether an event that the database holds for this slot and epoch is one of ours. */
  holds(fence: Fence, id: string): boolean {
    for (const claim of this.#claims) if (claim.id === id && claim.fence === fence) return true;
    return false;
  }
}
