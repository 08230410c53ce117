import { isConnectionLoss, type Queryable, sqlstateOf } from '@pgrelay/relay-core';
import type { AutoMvOptions } from './options.js';
import { refreshGateway } from './refresh-gateway.js';
import type { RefreshRequest } from './refresh-request.js';

/** A statement of a refresh's connection was cancelled: the Processor stops, or others wait. */
const cancelled = '57014';

/**
 * After a refresh, on its connection: VACUUM or ANALYZE of the view when due. It holds a claim meanwhile, so that no
 * refresh waits for it. That it failed is in the log and no failure of the view, whose refresh has committed.
 */
export async function keepUp(
  client: Queryable,
  request: RefreshRequest,
  limits: Required<AutoMvOptions>,
): Promise<void> {
  try {
    const upkeep = await refreshGateway.beginUpkeep(client, request, limits);
    if (upkeep === undefined) return;
    const sqlstate = await run(client, upkeep.statement);
    await refreshGateway.endUpkeep(client, request, upkeep, sqlstate);
  } catch (error) {
    if (!isConnectionLoss(error) && sqlstateOf(error) !== cancelled) throw error; // the claim ends with the connection
  }
}

/** Returns the sqlstate when it failed. */
async function run(client: Queryable, statement: string): Promise<string | undefined> {
  try {
    await client.query(statement);
    return undefined;
  } catch (error) {
    const sqlstate = sqlstateOf(error);
    if (sqlstate === undefined || isConnectionLoss(error)) throw error;
    return sqlstate;
  }
}
