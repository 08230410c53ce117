import type { StandardSchemaV1 } from '@standard-schema/spec';
import type { ChannelDefinition } from './define-channel.js';

/** Schemas by the name of their channel. */
export type Channels = Readonly<Record<string, StandardSchemaV1>>;
export type NoChannels = Readonly<Record<never, never>>;

/** The schemas of a list of definitions, by the name of their channel. */
export type ChannelsOf<D extends readonly ChannelDefinition[]> = {
  readonly [E in D[number] as E['name']]: E['payload'];
};

/** A channel as a caller names it: by a definition, by a name whose schema is known, or by any other name. */
export type ChannelRef<C = NoChannels> = (keyof C & string) | (string & Record<never, never>) | ChannelDefinition;

/** What a payload for this channel may be; anything when there is no schema for it. */
export type PayloadFor<T, C = NoChannels> =
  T extends ChannelDefinition<string, infer S>
    ? StandardSchemaV1.InferInput<S>
    : T extends keyof C
      ? C[T] extends StandardSchemaV1
        ? StandardSchemaV1.InferInput<C[T]>
        : unknown
      : unknown;

/** Payload and options; the payload may be left out where it may be undefined. */
export type NotifyArguments<P, O> = undefined extends P ? [payload?: P, options?: O] : [payload: P, options?: O];
