import { isConnectionLoss } from './pg-error.js';

/**
 * Remembers which errors of a handler are the loss of the Processor's own connection. A handler may lose connections of
 * its own too, and those errors look the same; only the loss of ours is no outcome of the event.
 */
export class OwnConnection {
  readonly #losses = new WeakSet<Error>();

  /** Passes a call on the Processor's connection through. */
  async watch<T>(call: Promise<T>): Promise<T> {
    try {
      return await call;
    } catch (error) {
      if (error instanceof Error && isConnectionLoss(error)) this.#losses.add(error);
      throw error;
    }
  }

  /** Whether the error, or one that it was made from, is such a loss. */
  wasLost(error: unknown): boolean {
    for (let at = error, depth = 0; at instanceof Error && depth < 10; at = at.cause, depth += 1)
      if (this.#losses.has(at)) return true;
    return false;
  }
}
