import type { Logger } from 'pino';
import { Connection, type ConnectionOptions } from '../db/connection.js';
import { gateway } from '../db/gateway.js';
import type { Wakeup } from '../lifecycle/wakeup.js';

/** How often a Processor on a standby asks whether it was promoted, in ms. */
const lookEveryMs = 1_000;

export interface StandbyOptions {
  readonly connection: ConnectionOptions;
  readonly log: Logger;
  readonly wakeup: Wakeup;
  /** True when the Processor is told to stop. */
  readonly stopping: () => boolean;
}

/**
 * Waits while the server is in recovery, on a connection that survives the promotion and comes back after a restart; says
 * so once. Returns false at once when the server is no standby: it takes no writes for another reason.
 */
export async function awaitPromotion({ connection: options, log, wakeup, stopping }: StandbyOptions): Promise<boolean> {
  const connection = new Connection(options, 'pgrelay standby');
  try {
    if (!(await gateway.inRecovery(connection))) return false;
    log.info('the server is a standby; the Processor waits, without a slot, until it is promoted');
    while (!stopping() && (await gateway.inRecovery(connection).catch(() => true))) await wakeup.wait(lookEveryMs);
    if (!stopping()) log.info('the server was promoted');
    return true;
  } finally {
    await connection.close();
  }
}
