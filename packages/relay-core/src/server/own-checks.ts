import type { ModuleState } from '@pgrelay/relay-sql';
import { isConnectionLoss, isReadOnly, sqlstateOf } from '../db/pg-error.js';
import type { ProcessorState } from '../lifecycle/processor-state.js';
import type { ReadinessCheck, Reason } from './readiness.js';

export interface CheckedParts {
  readonly state: ProcessorState;
  readonly slot: () => number | undefined;
  /** How the modules stand in the database; asks it. */
  readonly schema: () => Promise<readonly ModuleState[]>;
}

/** What the relay itself wants to hold before its Processor is ready. */
export function ownChecks(parts: CheckedParts): readonly ReadinessCheck[] {
  return [
    { name: 'processor', check: () => phaseReason(parts) },
    { name: 'database', check: () => databaseReason(parts) },
  ];
}

function phaseReason({ state, slot }: CheckedParts): Reason | undefined {
  if (state.phase === 'new' || state.phase === 'starting') return { code: 'starting', message: 'the Processor starts' };
  if (state.phase === 'standby')
    return { code: 'standby', message: 'the server is a standby; the Processor waits until it is promoted' };
  if (state.phase !== 'working') return { code: 'stopping', message: 'the Processor stops and claims nothing more' };
  if (slot() !== undefined) return undefined;
  const why = state.trouble === undefined ? 'it takes a new one' : `none can be taken yet: ${state.trouble}`;
  return { code: 'no_slot', message: `the Processor lost its slot; ${why}` };
}

/** A failover may leave a Processor that works on a standby. */
const readOnly: Reason = { code: 'database_read_only', message: 'the server takes no writes: it is a standby' };

/** The database's own words stay out: an SQLSTATE or the socket's code says enough. */
async function databaseReason({ state, schema }: CheckedParts): Promise<Reason | undefined> {
  if (state.phase === 'stopping' || state.phase === 'stopped') return undefined; // its connections end
  try {
    const behind = (await schema()).filter(({ status }) => status === 'missing' || status === 'old');
    if (behind.length === 0) return undefined;
    const names = behind.map(({ module, status }) => `${module} (${status})`).join(', ');
    return { code: 'schema_behind', message: `the database is behind this Processor: ${names}; migrate it` };
  } catch (error) {
    if (isReadOnly(error)) return state.phase === 'standby' ? undefined : readOnly;
    const code = sqlstateOf(error) ?? (error instanceof Error && 'code' in error ? String(error.code) : 'no answer');
    if (isConnectionLoss(error))
      return { code: 'database_unreachable', message: `the database cannot be reached: ${code}` };
    return { code: 'database_refuses', message: `the database does not answer what it is asked: ${code}` };
  }
}
