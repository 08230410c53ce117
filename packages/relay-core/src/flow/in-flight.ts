import type { Fence } from '../db/gateway.js';

/** One attempt at an event that this Processor makes. Two attempts at one event are two of these. */
export interface Claim {
  readonly fence: Fence;
  readonly channelId: number;
  readonly id: string;
  readonly attempt: number;
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

  add(fence: Fence, channelId: number, event: { readonly id: string; readonly attempt: number }): Claim {
    const claim = { fence, channelId, id: event.id, attempt: event.attempt };
    this.#claims.add(claim);
    return claim;
  }

  delete(claim: Claim): void {
    this.#claims.delete(claim);
  }

  /** Whether an event that the database holds for this slot and epoch is one of ours. */
  holds(fence: Fence, id: string): boolean {
    for (const claim of this.#claims) if (claim.id === id && claim.fence === fence) return true;
    return false;
  }
}
