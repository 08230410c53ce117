import type { Trouble } from '../db/gateway.js';
import { type Ended, endedWell } from '../flow/settlement.js';
import type { Telemetry } from './telemetry.js';

/** Tells of each attempt whose end was just written. `rows`: what the database says of those that did not end well. */
export function tellSettled(telemetry: Telemetry, rows: readonly Required<Trouble>[], ended: readonly Ended[]): void {
  if (!telemetry.wants('attempt.settled')) return;
  const written = new Map(rows.map((row) => [row.id, row]));
  for (const one of ended) {
    const { claim, startedAt, finishedAt } = one;
    const row = endedWell(one) ? { outcome: 'done', code: null, sqlstate: null } : written.get(claim.id);
    if (row === undefined) continue; // given back, or somebody else's by now
    const { outcome, code, sqlstate } = row;
    const { id: eventId, attempt, channel } = claim;
    const ms = finishedAt - startedAt;
    telemetry.tell('attempt.settled', {
      slot: claim.fence.slot,
      channel,
      eventId,
      attempt,
      outcome,
      code,
      sqlstate,
      ms,
    });
  }
}
