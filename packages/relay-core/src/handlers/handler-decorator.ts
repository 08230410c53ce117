import { RelayError } from '@pgrelay/relay-sql';
import type { ChannelDefinition } from '../channels/define-channel.js';
import { type Class, injectable } from '../di/injectable.js';
import { checkOptions } from './check-options.js';
import type { HandlerDefinition, HandlerObject, HandlerOptions } from './handler-definition.js';

const definitions = new WeakMap<object, HandlerDefinition>();

/**
 * Makes a class the handler of a channel, given by its name or its definition. Its constructor is injected (`@inject(TOKEN)` on every parameter), anew for
 * each event. Registers nothing by itself: list the class in the `handlers` of a Processor.
 */
export function handler(
  to: string | ChannelDefinition,
  options: HandlerOptions = {},
): (target: Class<HandlerObject>) => void {
  const checked = checkOptions(to, options);
  if (checked.batch !== undefined) {
    throw new RelayError(
      'RELAY_HANDLER_INVALID',
      `handler of channel ${JSON.stringify(checked.channel)}: a class takes no batch`,
      {
        hint: 'A class is constructed anew for each event; use defineHandler(channel, { batch }, (events, ctx) => …).',
      },
    );
  }
  return (target) => {
    injectable(target);
    definitions.set(target, { ...checked, run: target, isClass: true });
  };
}

/** The definition that `@handler` gave a class. */
export function definitionOf(target: object): HandlerDefinition | undefined {
  return definitions.get(target);
}
