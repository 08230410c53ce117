import type pg from 'pg';
import { isConnectionLoss } from './pg-error.js';

const losses = new WeakSet<Error>();

/**
 * Passes a call on a connection of the Processor through, and remembers when its error is the loss of that connection. A
 * handler may lose connections of its own too, and those errors look the same; only the loss of ours is no outcome of the
 * event.
 */
export async function watchOwn<T>(call: Promise<T>): Promise<T> {
  try {
    return await call;
  } catch (error) {
    if (error instanceof Error && isConnectionLoss(error)) losses.add(error);
    throw error;
  }
}

/** Whether the error, or one that it was made from, is the loss of a connection of the Processor. */
export function wasOwnLoss(error: unknown): boolean {
  for (let at = error, depth = 0; at instanceof Error && depth < 10; at = at.cause, depth += 1)
    if (losses.has(at)) return true;
  return false;
}

/** Watches every query of a connection that is handed to a plugin. */
export function watchClient(client: pg.Client): pg.Client {
  const query = client.query.bind(client) as (...args: unknown[]) => unknown;
  const watched = (...args: unknown[]) => {
    const result = query(...args);
    return result instanceof Promise ? watchOwn(result) : result;
  };
  return Object.assign(client, { query: watched });
}
