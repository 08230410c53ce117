import type { StandardSchemaV1 } from '@standard-schema/spec';
import { definitionOf } from '../handlers/handler-decorator.js';
import { isStandardSchema } from '../payload/standard-schema.js';

/** A channel that a module declares: by a definition, or by a handler for it. */
export interface DeclaredChannel {
  readonly name: string;
  /** The schemas of its payloads that were found; none, when they are any JSON. */
  readonly schemas: readonly StandardSchemaV1[];
}

/**
 * The channels that are declared by these values and by those in arrays among them: definitions (`defineChannel`), handlers
 * (`defineHandler`) and handler classes (`@handler`). Anything else is passed over. Sorted by name.
 */
export function declaredChannels(values: readonly unknown[]): DeclaredChannel[] {
  const found = new Map<string, Set<StandardSchemaV1>>();
  for (const value of values.flat(2)) {
    const channel = declared(value);
    if (channel === undefined) continue;
    const schemas = found.get(channel.name) ?? new Set();
    if (isStandardSchema(channel.payload)) schemas.add(channel.payload);
    found.set(channel.name, schemas);
  }
  return [...found]
    .map(([name, schemas]) => ({ name, schemas: [...schemas] }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

function declared(value: unknown): { readonly name: string; readonly payload: unknown } | undefined {
  const handler = typeof value === 'function' ? definitionOf(value) : value;
  if (typeof handler !== 'object' || handler === null || !('payload' in handler)) return undefined;
  if ('channel' in handler && typeof handler.channel === 'string' && 'run' in handler)
    return { name: handler.channel, payload: handler.payload };
  if ('name' in handler && typeof handler.name === 'string' && isStandardSchema(handler.payload))
    return { name: handler.name, payload: handler.payload };
  return undefined;
}
