import { RelayError } from '@pgrelay/relay-sql';
import type { StandardSchemaV1 } from '@standard-schema/spec';
import type { ChannelDefinition } from '../channels/define-channel.js';
import type { RelayEvent } from '../event.js';
import { checkOptions } from './check-options.js';
import type { BatchContext, HandlerContext, TransactionalContext } from './context.js';
import type {
  BatchResult,
  HandlerDefinition,
  HandlerFunction,
  HandlerOptions,
  HandlerResult,
} from './handler-definition.js';

type PayloadOf<O extends HandlerOptions> = O['payload'] extends StandardSchemaV1
  ? StandardSchemaV1.InferOutput<O['payload']>
  : O['payload'] extends 'text'
    ? string | null
    : // biome-ignore lint/suspicious/noExplicitAny: JSON without a schema has no type
      any;

type ContextOf<O extends HandlerOptions> = O['mode'] extends 'transactional' ? TransactionalContext : HandlerContext;

type Handle<O extends HandlerOptions> = O['batch'] extends number
  ? (events: readonly RelayEvent<PayloadOf<O>>[], ctx: BatchContext) => Promise<BatchResult> | BatchResult
  : (event: RelayEvent<PayloadOf<O>>, ctx: ContextOf<O>) => Promise<HandlerResult> | HandlerResult;

/**
 * Defines the handler of a channel, given by its name or its definition, as a function; no container and no decorator
 * needed. With option `batch` it gets an array of events and may return a result for each.
 * @throws RelayError RELAY_HANDLER_INVALID at once when an option cannot work
 */
export function defineHandler(channel: string, handle: Handle<Record<never, never>>): HandlerDefinition;
export function defineHandler<S extends StandardSchemaV1>(
  channel: ChannelDefinition<string, S>,
  handle: Handle<{ readonly payload: S }>,
): HandlerDefinition;
export function defineHandler<S extends StandardSchemaV1, const O extends Omit<HandlerOptions, 'payload'>>(
  channel: ChannelDefinition<string, S>,
  options: O & { readonly payload?: never },
  handle: Handle<O & { readonly payload: S }>,
): HandlerDefinition;
export function defineHandler<const O extends HandlerOptions>(
  channel: string,
  options: O,
  handle: Handle<O>,
): HandlerDefinition;
export function defineHandler(
  channel: string | ChannelDefinition,
  first: HandlerOptions | HandlerFunction,
  second?: unknown,
): HandlerDefinition {
  const options = typeof first === 'function' ? {} : first;
  const run = typeof first === 'function' ? first : second;
  const checked = checkOptions(channel, options);
  if (typeof run !== 'function') {
    throw new RelayError(
      'RELAY_HANDLER_INVALID',
      `handler of channel ${JSON.stringify(checked.channel)} is no function`,
      {
        hint: 'defineHandler(channel, async (event, ctx) => { … }) or defineHandler(channel, options, async (event, ctx) => { … }).',
      },
    );
  }
  return { ...checked, run: run as HandlerFunction, isClass: false };
}
