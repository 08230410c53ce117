import { hostname } from 'node:os';
import { RelayError } from '@pgrelay/relay-sql';
import { pino } from 'pino';
import type { NotifyOptions } from '../client.js';
import { type Fence, gateway } from '../db/gateway.js';
import { sqlstateOf } from '../db/pg-error.js';
import type { Queryable } from '../db/queryable.js';
import type { Container } from '../di/container.js';
import type { Class } from '../di/injectable.js';
import { ProcessorScope } from '../di/processor-scope.js';
import type { Provider } from '../di/provider.js';
import { claim } from '../flow/claim.js';
import { dispatch } from '../flow/dispatch.js';
import { dispatchBatch } from '../flow/dispatch-batch.js';
import type { Claim } from '../flow/in-flight.js';
import type { Attempt, DispatchEnvironment } from '../flow/run-handler.js';
import { toSettlement } from '../flow/settlement.js';
import type { HandlerDefinition, HandlerObject } from '../handlers/handler-definition.js';
import { HandlerRegistry } from '../handlers/registry.js';
import { Deadlines } from '../lifecycle/deadlines.js';
import { toText } from '../payload/to-text.js';
import { version } from '../version.js';
import { testCalls } from './calls.js';

export interface PerformOptions {
  /** An open transaction: everything happens in it, and is undone with it. */
  readonly tx: Queryable;
  /** What the constructor of a handler class injects. */
  readonly provide?: readonly Provider[];
  /** As that of a Processor. */
  readonly container?: Container;
  readonly dedupKey?: NotifyOptions['dedupKey'];
  /** How long the handler may take, in ms. Default: that of its definition, else 30000. */
  readonly timeoutMs?: number;
}

/** How an attempt ended, as its audit row has it. */
export interface Performed {
  readonly eventId: string;
  readonly outcome: 'done' | 'retried' | 'failed' | 'cancelled' | 'snoozed';
  readonly code: string | null;
  readonly sqlstate: string | null;
  /** What the handler threw, as it threw it. */
  readonly error: unknown;
}

/** Before all other events of the channel. */
const first = -32_768;

/**
 * Runs one handler once, on one event, in your transaction and without a Processor: the event is sent, claimed and settled as a
 * Processor does it, with the real `ctx`. What the handler sends and writes can be asserted on `tx`, and roll that back in the end. An error of
 * the handler is no error of this: it is the outcome that the retry policy makes of it, and what was written is undone.
 * @throws RelayError RELAY_HANDLER_INVALID, RELAY_TRANSACTION_INVALID when `tx` is none, RELAY_PAYLOAD_INVALID for one that is no JSON
 */
export async function performHandler(
  handler: HandlerDefinition | Class<HandlerObject>,
  payload: unknown,
  options: PerformOptions,
): Promise<Performed> {
  const { tx } = options;
  const registry = new HandlerRegistry();
  registry.add(handler);
  const definition = registry.all()[0] as HandlerDefinition;
  const log = pino({ level: 'silent' });
  const scope = new ProcessorScope(log, options.container);
  for (const provider of options.provide ?? []) scope.provide(provider);
  scope.close(definition.isClass ? [definition.run as Class] : []);
  // As the schema of the handler would refuse it: that is what is to be seen.
  const text =
    definition.payload === 'text' ? (payload as string | null) : await toText(definition.channel, payload, undefined);

  await savepoint(tx);
  const [channel] = await gateway.declareHandlers(tx, [definition.channel], [definition.mode], true);
  if (channel === undefined || channel.problem !== null)
    throw new RelayError(
      'RELAY_HANDLER_INVALID',
      `channel ${JSON.stringify(definition.channel)} is registered as another kind or mode`,
      {
        hint: 'The handler could not serve it in a Processor either: see the view pgrelay.channels.',
      },
    );
  const fence = await gateway.attach(tx, hostname(), process.pid, version, 3_600_000, 1, [definition.channel]);
  const { dedupKey } = options;
  const id = await gateway.notify(tx, definition.channel, text, {
    priority: first,
    ...(dedupKey === undefined ? {} : { dedupKey }),
  });
  try {
    return await attempt(definition, {
      id,
      channelId: channel.id,
      fence,
      scope,
      log,
      tx,
      timeoutMs: options.timeoutMs,
    });
  } finally {
    await gateway.detach(tx, fence).catch(() => undefined); // in a transaction that a statement of ours has broken
  }
}

async function attempt(
  definition: HandlerDefinition,
  about: {
    readonly id: string;
    readonly channelId: number;
    readonly fence: Fence;
    readonly scope: ProcessorScope;
    readonly log: DispatchEnvironment['log'];
    readonly tx: Queryable;
    readonly timeoutMs: number | undefined;
  },
): Promise<Performed> {
  const { id, channelId, fence, tx } = about;
  const channel = {
    id: channelId,
    name: definition.channel,
    kind: 'handler',
    parallel: false,
    timeoutMs: 0,
    breaker: false,
    limited: null,
  } as const;
  const [event] = await claim(tx, fence, 1, channel, 1, { priorities: [], lows: [] });
  if (event?.id !== id)
    throw new RelayError(
      'RELAY_ARGUMENT_INVALID',
      `the event could not be claimed on channel ${JSON.stringify(definition.channel)}`,
      {
        hint: 'The channel is paused, its breaker is open, or a Processor serves it meanwhile.',
      },
    );
  const claimed: Claim = { fence, channelId, channel: definition.channel, id, attempt: event.attempt };
  const env: DispatchEnvironment = {
    scope: about.scope,
    log: about.log,
    stopping: new AbortController().signal,
    timeoutMs: about.timeoutMs ?? definition.timeoutMs ?? 30_000,
    deadlines: new Deadlines(),
    // ctx.tx is there when the two differ.
    db: definition.mode === 'transactional' ? { query: (sql, values) => tx.query(sql, values) } : tx,
    control: tx,
    fence,
    schemaOf: () => undefined,
    claim: claimed,
  };
  await testCalls.savepoint(tx);
  const startedAt = performance.now();
  const ended: Attempt =
    definition.batch === undefined
      ? await dispatch(event, definition, env)
      : ((await dispatchBatch([event], definition, env))[0] as Attempt);
  const error = 'error' in ended ? ended.error : undefined;
  if ('lost' in ended) throw ended.error;
  if ('failure' in ended || (definition.mode === 'transactional' && ['failed', 'retried'].includes(ended.outcome.kind)))
    await testCalls.undo(tx);
  const settlement = toSettlement({ claim: claimed, attempt: ended, startedAt, finishedAt: performance.now() });
  const [row] = await gateway.settle(tx, fence, [settlement]);
  if (row === undefined)
    throw new RelayError('RELAY_FENCED', 'the event was taken away meanwhile', {
      hint: 'Run no Processor on this channel.',
    });
  return { eventId: id, outcome: row.outcome as Performed['outcome'], code: row.code, sqlstate: row.sqlstate, error };
}

async function savepoint(tx: Queryable): Promise<void> {
  try {
    await testCalls.savepoint(tx);
  } catch (cause) {
    if (sqlstateOf(cause) !== '25P01') throw cause;
    throw new RelayError('RELAY_TRANSACTION_INVALID', 'option tx has no transaction open', {
      hint: "Send begin on a client of your own, and roll it back after the test: await client.query('begin').",
      cause,
    });
  }
}
