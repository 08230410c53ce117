import { RelayError } from '@pgrelay/relay-sql';
import type { StandardSchemaV1 } from '@standard-schema/spec';
import type { Class } from '../di/injectable.js';
import { definitionOf } from './handler-decorator.js';
import type { HandlerDefinition, HandlerObject } from './handler-definition.js';

/** channel → handler. One handler a channel; closed when the Processor starts. */
export class HandlerRegistry {
  readonly #byChannel = new Map<string, HandlerDefinition>();
  #closed = false;

  /** @throws RelayError RELAY_HANDLER_DUPLICATE, RELAY_HANDLER_INVALID, RELAY_REGISTRATION_CLOSED */
  add(entry: HandlerDefinition | Class<HandlerObject>): void {
    const definition = typeof entry === 'function' ? definitionOf(entry) : entry;
    if (definition === undefined) {
      throw new RelayError(
        'RELAY_HANDLER_INVALID',
        `class ${typeof entry === 'function' ? entry.name : '?'} has no @handler(channel)`,
        {
          hint: 'Decorate it, or use defineHandler().',
        },
      );
    }
    if (this.#closed) {
      throw new RelayError(
        'RELAY_REGISTRATION_CLOSED',
        `the handler of channel ${JSON.stringify(definition.channel)} came after the Processor had started`,
        {
          hint: 'List it in the options of the Processor or add it in the setup of a plugin.',
        },
      );
    }
    if (this.#byChannel.has(definition.channel)) {
      throw new RelayError(
        'RELAY_HANDLER_DUPLICATE',
        `channel ${JSON.stringify(definition.channel)} has two handlers`,
        {
          hint: 'Keep one; to do two things, let the handler notify a second channel.',
        },
      );
    }
    this.#byChannel.set(definition.channel, definition);
  }

  close(): void {
    this.#closed = true;
  }

  /** The schema of the payloads that the handler of a channel takes, if it has one. */
  schemaOf(channel: string): StandardSchemaV1 | undefined {
    const form = this.#byChannel.get(channel)?.payload;
    return typeof form === 'string' ? undefined : form;
  }

  all(): readonly HandlerDefinition[] {
    return [...this.#byChannel.values()];
  }
}
