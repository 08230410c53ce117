import { RelayError, type SqlModule } from '@pgrelay/relay-sql';
import type pg from 'pg';
import type { Logger } from 'pino';
import type { Queryable } from '../db/queryable.js';
import type { Class } from '../di/injectable.js';
import type { Provider } from '../di/provider.js';
import type { TransactionalContext } from '../handlers/context.js';
import type { HandlerDefinition, HandlerObject } from '../handlers/handler-definition.js';
import type { HandlerKind } from '../handlers/handler-kind.js';
import type { Service } from '../lifecycle/service.js';
import type { ReadinessCheck } from '../server/readiness.js';
import type { Route } from '../server/route.js';
import type { PeriodicTask } from '../tasks/periodic-task.js';
import type { Hook } from '../telemetry/telemetry.js';
import type { TelemetryEvent, TelemetryEvents } from '../telemetry/telemetry-events.js';

/** What a plugin may do while it is set up. Nothing here works once the Processor has started. */
export interface PluginHost {
  /** Provides something under a token, for handlers and other providers to inject. */
  provide(provider: Provider): void;
  readonly handlers: {
    add(handler: HandlerDefinition | Class<HandlerObject>): void;
    /** Serves every channel that is registered with a kind. */
    addKind(kind: HandlerKind): void;
  };
  /** Gives every handler's context one more part, `ctx[name]`, made when a handler first asks for it. */
  readonly context: { add(name: string, make: (ctx: TransactionalContext) => unknown): void };
  /** The Processor's shared control connection: short statements only. Works once the Processor has started. */
  readonly control: Queryable;
  /** Short recurring work on the Processor's shared control connection. */
  readonly tasks: { add(task: PeriodicTask): void };
  /** Long-lived parts, started after the Processor has its slot and stopped in reverse order. */
  readonly services: { add(service: Service): void };
  /** What the Processor's HTTP server answers, beside `/healthz` and `/readyz`. */
  readonly routes: {
    /** @throws RelayError RELAY_ROUTE_INVALID, RELAY_ROUTE_DUPLICATE */
    add(route: Route): void;
    /** Whether there is a server (option `server`); without one routes are added in vain. */
    readonly served: boolean;
  };
  /** Tells what happens: see TelemetryEvents. */
  readonly hooks: {
    /** The hook is called for each, from now on. @throws RelayError RELAY_HOOK_INVALID */
    on<E extends TelemetryEvent>(event: E, hook: Hook<E>): void;
    /** Tells hooks and subscribers of something that the plugin does. */
    tell<E extends TelemetryEvent>(event: E, message: TelemetryEvents[E]): void;
    /**
     * Waited for before ends of leased attempts are written, many at once: writes there what must not be missing when they
     * are. It bounds its time, since everything waits for it, and does not throw.
     */
    beforeSettle(hook: () => Promise<void>): void;
  };
  /** What must hold, beside what the relay wants, before `/readyz` says that the Processor is ready. */
  readonly readiness: { add(check: ReadinessCheck): void };
  /**
   * Checks a payload (JSON that was parsed) that a plugin got from elsewhere by the schema of the handler that this Processor has for the
   * channel; passes where there is none. @throws RelayError RELAY_PAYLOAD_INVALID, which names fields and no values
   */
  checkPayload(channel: string, payload: unknown): Promise<void>;
  readonly log: Logger;
  /** Opens one more configured connection; it counts as the Processor's and the caller ends it. Works after start, too. */
  connect(purpose: string): Promise<pg.Client>;
}

/** A plugin with its options checked, ready for the `plugins` of a Processor. */
export interface Plugin {
  readonly name: string;
  readonly version: string;
  /** Its database side; `npx pgrelay migrate` and `migrate()` install it. */
  readonly sql: SqlModule | undefined;
  setup(host: PluginHost): void | Promise<void>;
}

export interface PluginDefinition<O> {
  /** Unique in a Processor, e.g. `auto-mv`. */
  readonly name: string;
  readonly version: string;
  readonly sql?: SqlModule;
  /** Checks the options and fills in defaults; called when the plugin is made, before anything starts. */
  readonly validate: (options: Partial<O>) => O;
  readonly setup: (host: PluginHost, options: O) => void | Promise<void>;
}

/**
 * Defines a plugin: returns the function its users call with their options.
 * @throws RelayError RELAY_PLUGIN_INVALID, and from the returned function whatever `validate` throws
 */
export function definePlugin<O extends object>(definition: PluginDefinition<O>): (options?: Partial<O>) => Plugin {
  const { name, version, sql, validate, setup } = definition;
  if (!/^[a-z][a-z0-9-]*$/.test(name) || version === '') {
    throw new RelayError('RELAY_PLUGIN_INVALID', `plugin ${JSON.stringify(name)} has no proper name or version`, {
      hint: 'A name is lower case with dashes, e.g. "auto-mv"; the version is the one of its package.',
    });
  }
  return (options = {}) => {
    const checked = validate(options);
    return { name, version, sql, setup: (host) => setup(host, checked) };
  };
}
