import { RelayError } from '@pgrelay/relay-sql';
import type { StandardSchemaV1 } from '@standard-schema/spec';
import { isStandardSchema } from '../payload/standard-schema.js';

/** A channel and the schema of its payloads, for whoever sends to it and for its handler. */
export interface ChannelDefinition<
  N extends string = string,
  S extends StandardSchemaV1 = StandardSchemaV1<unknown, unknown>,
> {
  readonly name: N;
  /** Any Standard Schema (zod, valibot, arktype, …). It checks the payload as JSON gives it. */
  readonly payload: S;
}

/**
 * Defines a channel once for both sides: `notify(channel, payload)` and `defineHandler(channel, …)` take it in place of a
 * name. Its schema then types and checks payloads before they are sent and before the handler is called.
 * @throws RelayError RELAY_CHANNEL_INVALID
 */
export function defineChannel<const N extends string, S extends StandardSchemaV1>(
  name: N,
  options: { readonly payload: S },
): ChannelDefinition<N, S> {
  if (typeof name !== 'string' || name === '')
    throw new RelayError('RELAY_CHANNEL_INVALID', `the channel's name is ${JSON.stringify(name)}`, {
      hint: 'Give its name as a non-empty string.',
    });
  if (!isStandardSchema(options?.payload))
    throw new RelayError('RELAY_CHANNEL_INVALID', `channel ${JSON.stringify(name)}: payload is no Standard Schema`, {
      hint: "defineChannel('order.placed', { payload: z.object({ … }) }); without a schema just use the channel's name.",
    });
  return { name, payload: options.payload };
}

/** The name of a channel that was given by name or by definition. */
export const nameOf = (channel: string | ChannelDefinition): string =>
  typeof channel === 'string' ? channel : channel?.name;
