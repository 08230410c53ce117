import { type DeclaredChannel, RelayError } from '@pgrelay/relay-core';
import { jsonSchemaType } from './json-schema-type.js';

export interface ChannelTypes {
  /** The TypeScript file. */
  readonly text: string;
  /** Channels whose schema says no JSON Schema, and why: their payloads are `unknown`. */
  readonly untyped: readonly { readonly channel: string; readonly reason: string }[];
}

/**
 * A TypeScript file with the types of what may be sent to these channels. It imports nothing, and the same channels always give the same
 * text. With `declarations` it holds types only, as a .d.ts file does.
 * @throws RelayError PGRELAY_CHANNEL_AMBIGUOUS
 */
export function channelTypes(channels: readonly DeclaredChannel[], { declarations = false } = {}): ChannelTypes {
  const untyped: { channel: string; reason: string }[] = [];
  const rows = channels.map(({ name, schemas }) => {
    const types = new Set(schemas.map((schema) => typeOf(schema)));
    const [first = { type: 'unknown' }] = [...types];
    const different = new Set([...types].map(({ type }) => type));
    if (different.size > 1)
      throw new RelayError('PGRELAY_CHANNEL_AMBIGUOUS', `channel ${JSON.stringify(name)} has two schemas that differ`, {
        hint: 'Define it once with defineChannel() and give that to its handler and to whoever sends.',
      });
    if (first.reason !== undefined) untyped.push({ channel: name, reason: first.reason });
    return `  ${JSON.stringify(name)}: ${first.type};`;
  });
  const text = [
    head,
    `export interface Channels {\n${rows.join('\n')}\n}\n`,
    tail,
    ...(declarations ? [] : [runtime(channels)]),
  ].join('\n');
  return { text, untyped };
}

function typeOf(schema: DeclaredChannel['schemas'][number]): { readonly type: string; readonly reason?: string } {
  const standard: { readonly jsonSchema?: { input?(options: { target: string }): unknown }; readonly vendor?: string } =
    schema['~standard'];
  if (typeof standard.jsonSchema?.input !== 'function')
    return { type: 'unknown', reason: `its schema (${standard.vendor}) is no Standard JSON Schema` };
  try {
    return { type: jsonSchemaType(standard.jsonSchema.input({ target: 'draft-2020-12' }), '  ') };
  } catch (error) {
    return {
      type: 'unknown',
      reason: `its schema (${standard.vendor}) cannot be said in JSON Schema: ${error instanceof Error ? error.message : error}`,
    };
  }
}

const head = `// Made by "npx pgrelay types". Change the schemas of the channels, and make it anew.

/** What may be sent to each channel. */`;

const tail = `export type ChannelName = keyof Channels;

/** Where events are sent: a client of @pgrelay/relay-core, or ctx of a handler. */
export interface Sender<O> {
  notify(channel: string, payload?: unknown, options?: O): Promise<string>;
}

/** A Sender for these channels and no other, and what each of them takes. */
export interface ChannelSender<O> {
  notify<const N extends ChannelName>(
    channel: N,
    ...rest: undefined extends Channels[N] ? [payload?: Channels[N], options?: O] : [payload: Channels[N], options?: O]
  ): Promise<string>;
}
`;

const runtime = (channels: readonly DeclaredChannel[]): string => `export const channelNames: readonly ChannelName[] = [
${channels.map(({ name }) => `  ${JSON.stringify(name)},`).join('\n')}
];

/** Gives a sender the types of these channels; a name that is none of theirs is refused before anything is sent. */
export function channelSender<O>(sender: Sender<O>): ChannelSender<O> {
  return {
    notify: async (channel, ...[payload, options]) => {
      if (!channelNames.includes(channel))
        throw new TypeError(\`\${JSON.stringify(channel)} is no channel: there are \${channelNames.join(', ')}\`);
      return sender.notify(channel, payload, options);
    },
  };
}
`;
