import { RelayError } from '@pgrelay/relay-sql';
import type { TransactionalContext } from '../handlers/context.js';
import { Context } from './run-handler.js';

/** Makes a plugin's part of one handler's context, when the handler asks for it. */
export type ContextPart = (ctx: TransactionalContext) => unknown;

/**
 * A context with the parts that plugins add, each made when it is first read.
 * @throws RelayError RELAY_PLUGIN_INVALID for a name that a context has already
 */
export function extendContext(parts: ReadonlyMap<string, ContextPart>): typeof Context {
  if (parts.size === 0) return Context;
  const Extended = class extends Context {};
  for (const [name, make] of parts) {
    if (name in Context.prototype) {
      throw new RelayError('RELAY_PLUGIN_INVALID', `a handler's context has a part ${JSON.stringify(name)} already`, {
        hint: 'Give the part of the plugin another name.',
      });
    }
    Object.defineProperty(Extended.prototype, name, {
      get(this: Context) {
        const value = make(this);
        Object.defineProperty(this, name, { value });
        return value;
      },
    });
  }
  return Extended;
}
