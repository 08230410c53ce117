import type { Logger } from 'pino';
import type { DependencyContainer } from 'tsyringe';
import type { RelayEvent } from '../event.js';
import type { Class } from './injectable.js';
import { EVENT, EVENT_LOGGER, SIGNAL } from './tokens.js';

/**
 * What one event of a class handler may inject. The child container is dropped afterwards and never disposed: it may
 * hold instances that the user's own container shares.
 */
export class EventScope {
  readonly #container: DependencyContainer;

  constructor(container: DependencyContainer) {
    this.#container = container;
  }

  /** Constructs the handler for this event. */
  construct<T>(target: Class<T>, event: RelayEvent, signal: AbortSignal, log: Logger): T {
    this.#container.register(EVENT, { useValue: event });
    this.#container.register(SIGNAL, { useValue: signal });
    this.#container.register(EVENT_LOGGER, { useValue: log });
    return this.#container.resolve(target);
  }
}
