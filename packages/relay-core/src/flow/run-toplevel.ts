import { setTimeout as pause } from 'node:timers/promises';
import { RelayError } from '@pgrelay/relay-sql';
import type { Connection } from '../db/connection.js';
import { type Backend, gateway, type PolledChannel, type ToplevelRow } from '../db/gateway.js';
import { isConnectionLoss, sqlstateOf, toFailure } from '../db/pg-error.js';
import type { Queryable } from '../db/queryable.js';
import { cancelledBefore, unlessCancelled } from './cancelled.js';
import type { Claim } from './in-flight.js';
import type { Attempt } from './run-handler.js';
import type { Ended } from './settlement.js';

/** Maintenance that PostgreSQL skips with no more than a warning, for example where a privilege is missing. */
const maintenance = /^\s*(vacuum|analyze|cluster|reindex)\b/i;

/**
 * Sends the statements of a top-level event one after the other, as they are and outside a transaction block, as role
 * pgrelay. The session ends afterwards: whatever the statements left in it (role, settings, locks, temporary tables) ends
 * with it, and the next event gets a new one. When the event is cancelled, so is the statement that runs, and none follows.
 * @throws RelayError RELAY_TOPLEVEL_ROLE, and the loss of the connection: neither is an outcome of the event
 */
export async function runToplevel(
  connection: Connection,
  claim: Claim,
  event: ToplevelRow,
  channel: PolledChannel,
  control: Queryable,
): Promise<Ended> {
  await connection.statementTimeout(channel.timeoutMs);
  try {
    return await connection.pinned(async (client) => {
      const backend = await gateway.backend(client);
      await gateway.enterToplevel(client, event.search_path).catch((error) => {
        throw sqlstateOf(error) === '42501' ? notAllowed(error) : error;
      });
      const warnings: Error[] = [];
      client.on('notice', (notice) => warnings.push(Object.assign(new Error(notice.message), { code: notice.code })));
      const startedAt = performance.now();
      let attempt: Attempt = { outcome: { kind: 'done' } };
      try {
        claim.abort = () => void cancelStatement(control, backend, () => claim.abort !== undefined);
        for (const statement of event.statements) {
          if (claim.cancelled === true) {
            attempt = cancelledBefore;
            break;
          }
          warnings.length = 0;
          await client.query(statement);
          if (warnings[0] !== undefined && maintenance.test(statement)) {
            attempt = { failure: toFailure(warnings[0], 'toplevel_skipped'), error: warnings[0] };
            break;
          }
        }
      } catch (error) {
        if (isConnectionLoss(error)) throw error;
        attempt = { failure: toFailure(error, 'action_error'), error };
      }
      delete claim.abort;
      return { claim, attempt: unlessCancelled(attempt, claim), startedAt, finishedAt: performance.now() };
    });
  } finally {
    await connection.renew();
  }
}

/** The server may not have read the statement yet, or be between two: asked again until one was cancelled or none is left. */
async function cancelStatement(control: Queryable, backend: Backend, isRunning: () => boolean): Promise<void> {
  try {
    while (isRunning() && !(await gateway.cancelBackend(control, backend))) await pause(20);
  } catch {
    // what finishes all the same is done
  }
}

function notAllowed(cause: unknown): RelayError {
  return new RelayError('RELAY_TOPLEVEL_ROLE', 'the login of the Processor may not act as role pgrelay', {
    hint: 'Top-level channels need it. Run as a DBA: grant pgrelay to <the login>.',
    cause,
  });
}
