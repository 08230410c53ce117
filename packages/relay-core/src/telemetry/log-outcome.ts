import type { Logger } from 'pino';
import type { Trouble } from '../db/gateway.js';

/** The one place where the ends of attempts become log lines. Ids, SQLSTATEs and our own codes; never a message or payload. */
export function logOutcome(log: Logger, row: Trouble, channel = row.channel): void {
  const fields = {
    eventId: row.id,
    channel,
    outcome: row.outcome,
    attempt: row.attempt,
    sqlstate: row.sqlstate ?? undefined,
    code: row.code ?? undefined,
  };
  if (row.outcome === 'failed') log.error(fields, 'event failed; it is kept in pgrelay.failed');
  else if (row.outcome === 'retried') log.warn(fields, 'event will be retried');
  else log.debug(fields, 'event ended');
}
