import { hostname } from 'node:os';
import { RelayError } from '@pgrelay/relay-sql';
import type { Logger } from 'pino';
import { type Fence, gateway } from './db/gateway.js';
import { sqlstateOf } from './db/pg-error.js';
import type { Queryable } from './db/queryable.js';
import type { HandlerDefinition } from './handlers/handler-definition.js';
import { endDead } from './instance/end-dead.js';
import type { CheckedOptions } from './options.js';
import { version } from './version.js';

/**
 * Takes a slot for a Processor. When all are held, those of dead Processors are freed first: there may be nobody left who
 * would do it. @throws RelayError RELAY_NOT_INSTALLED, RELAY_NO_FREE_SLOT, RELAY_NOT_ALLOWED
 */
export async function attach(
  db: Queryable,
  options: CheckedOptions,
  handlers: readonly HandlerDefinition[],
  log: Logger,
): Promise<Fence> {
  try {
    return await takeSlot(db, options, handlers);
  } catch (error) {
    if (!(error instanceof RelayError && error.code === 'RELAY_NO_FREE_SLOT')) throw error;
    if ((await endDead(db, log)).length === 0) throw error;
    return takeSlot(db, options, handlers);
  }
}

async function takeSlot(
  db: Queryable,
  options: CheckedOptions,
  handlers: readonly HandlerDefinition[],
): Promise<Fence> {
  try {
    return await gateway.attach(
      db,
      hostname(),
      process.pid,
      version,
      options.leaseMs,
      options.workers,
      handlers.map((h) => h.channel),
    );
  } catch (error) {
    const sqlstate = sqlstateOf(error);
    if (sqlstate === '3F000' || sqlstate === '42883' || sqlstate === '42P01') {
      throw new RelayError('RELAY_NOT_INSTALLED', 'the database has no pgrelay, or an older one', {
        hint: 'Run: npx pgrelay migrate (or migrate() of @pgrelay/relay-sql with the modules of the plugins).',
        cause: error,
      });
    }
    if (sqlstate === '42501') {
      throw new RelayError('RELAY_NOT_ALLOWED', 'the login of the Processor lacks a privilege on schema pgrelay', {
        hint: 'Run as a DBA: grant pgrelay_processor to <the login>.',
        cause: error,
      });
    }
    throw error;
  }
}

/**
 * Finds the channels of the handlers and registers missing ones, unless they must exist. What does not fit is refused, by
 * default with an error.
 * @throws RelayError RELAY_CHANNEL_UNKNOWN, RELAY_HANDLER_INVALID
 */
export async function declareHandlers(
  db: Queryable,
  options: CheckedOptions,
  handlers: readonly HandlerDefinition[],
  refuse: (channel: string, error: RelayError) => void = (_channel, error) => {
    throw error;
  },
): Promise<Map<number, HandlerDefinition>> {
  const rows = await gateway.declareHandlers(
    db,
    handlers.map((h) => h.channel),
    handlers.map((h) => h.mode),
    options.channels === 'declare',
  );
  const byId = new Map<number, HandlerDefinition>();
  for (const row of rows) {
    const handler = handlers.find((h) => h.channel === row.name);
    if (handler === undefined) continue;
    if (row.problem === null) byId.set(row.id, handler);
    else refuse(row.name, problemOf(row.problem, handler));
  }
  return byId;
}

/** Gives the channels that were found the circuit breakers, limits and debounces of their handlers' definitions. */
export async function declarePolicies(db: Queryable, served: ReadonlyMap<number, HandlerDefinition>): Promise<void> {
  const handlers = [...served.values()];
  if (handlers.length === 0) return;
  const names = handlers.map((h) => h.channel);
  await gateway.declareBreakers(
    db,
    names,
    handlers.map((h) => h.breaker),
  );
  await gateway.declareLimits(
    db,
    names,
    handlers.map((h) => h.limits),
  );
  await gateway.declareDebounces(
    db,
    names,
    handlers.map((h) => h.debounce),
  );
}

function problemOf(problem: 'unknown' | 'sql' | 'mode', handler: HandlerDefinition): RelayError {
  const name = JSON.stringify(handler.channel);
  switch (problem) {
    case 'unknown':
      return new RelayError('RELAY_CHANNEL_UNKNOWN', `channel ${name} of a handler is not registered`, {
        hint: `Run: select pgrelay.register_channel(${name.replaceAll('"', "'")}); or leave option channels at 'declare'.`,
      });
    case 'sql':
      return new RelayError('RELAY_HANDLER_INVALID', `channel ${name} has a SQL action, so a handler cannot serve it`, {
        hint: 'Give the handler another channel, or drop the SQL channel first.',
      });
    case 'mode':
      return new RelayError(
        'RELAY_HANDLER_INVALID',
        `channel ${name} is registered in another mode than its handler's (${handler.mode})`,
        {
          hint: `Register it again: select pgrelay.register_channel(…, p_mode => '${handler.mode}', p_replace => true).`,
        },
      );
  }
}
