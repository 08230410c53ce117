import { RelayError } from '@pgrelay/relay-sql';
import type { Logger } from 'pino';
import { type DependencyContainer, container as globalContainer, instanceCachingFactory, Lifecycle } from 'tsyringe';
import { EventScope } from './event-scope.js';
import { type Class, tokensOf } from './injectable.js';
import type { Provider } from './provider.js';
import { eventTokens, LOGGER } from './tokens.js';

/**
 * The composition root of a Processor: a child of the user's container (by default the global one) that holds what the
 * Processor and its plugins provide. Filled while plugins are set up, then closed and checked: a missing token or a class
 * with an unmarked parameter is an error before anything starts, not when the first event comes.
 */
export class ProcessorScope {
  readonly #container: DependencyContainer;
  readonly #own = new Set<symbol>();
  #closed = false;

  constructor(log: Logger, parent: DependencyContainer = globalContainer) {
    this.#container = parent.createChildContainer();
    this.provide({ token: LOGGER, useValue: log });
  }

  /** @throws RelayError RELAY_TOKEN_DUPLICATE, RELAY_REGISTRATION_CLOSED */
  provide(provider: Provider): void {
    if (this.#closed) {
      throw new RelayError(
        'RELAY_REGISTRATION_CLOSED',
        `${name(provider.token)} was provided after the Processor had started`,
        {
          hint: 'Provide everything in the options of the Processor or in the setup of a plugin.',
        },
      );
    }
    if (this.#own.has(provider.token) || eventTokens.has(provider.token)) {
      throw new RelayError('RELAY_TOKEN_DUPLICATE', `${name(provider.token)} is provided twice`, {
        hint: 'Each token has one provider in a Processor; make a token of your own.',
      });
    }
    this.#own.add(provider.token);
    if ('useValue' in provider) {
      this.#container.register(provider.token, { useValue: provider.useValue });
    } else if ('useFactory' in provider) {
      this.#container.register(provider.token, { useFactory: instanceCachingFactory(() => provider.useFactory()) });
    } else {
      this.#check(provider.useClass, false);
      this.#container.register(provider.token, { useClass: provider.useClass }, { lifecycle: Lifecycle.Singleton });
    }
  }

  /** Closes registration, constructs what was provided, and checks that every handler class can be constructed. */
  close(handlerClasses: readonly Class[]): void {
    this.#closed = true;
    for (const target of handlerClasses) this.#check(target, true);
    for (const token of this.#own) this.#construct(token);
  }

  /** A scope for one event of a class handler. */
  eventScope(): EventScope {
    return new EventScope(this.#container.createChildContainer());
  }

  #construct(token: symbol): void {
    try {
      this.#container.resolve(token);
    } catch (error) {
      throw new RelayError(
        'RELAY_TOKEN_MISSING',
        `${name(token)} cannot be constructed: ${error instanceof Error ? error.message : error}`,
        {
          hint: 'Provide every token that its class injects; a provided class lives as long as the Processor and cannot take an event.',
          cause: error,
        },
      );
    }
  }

  #check(target: Class, inEvent: boolean): void {
    for (const [position, token] of tokensOf(target).entries()) {
      if (token === undefined) {
        throw new RelayError(
          'RELAY_TOKEN_MISSING',
          `parameter ${position + 1} of the constructor of ${target.name} has no @inject(token)`,
          {
            hint: 'Mark every constructor parameter; types alone are not seen at run time.',
          },
        );
      }
      if ((inEvent && eventTokens.has(token)) || !this.#closed || this.#container.isRegistered(token, true)) continue;
      throw new RelayError('RELAY_TOKEN_MISSING', `${target.name} injects ${name(token)}, which nobody provides`, {
        hint: 'Add it to `provide` in the options of the Processor, or the plugin that provides it.',
      });
    }
  }
}

function name(token: symbol): string {
  return token.description?.replace(/^pgrelay:/, '') ?? String(token);
}
