import { RelayError } from '@pgrelay/relay-sql';
import type pg from 'pg';
import type { Logger } from 'pino';
import type { Queryable } from '../db/queryable.js';
import type { ProcessorScope } from '../di/processor-scope.js';
import type { ContextPart } from '../flow/extend-context.js';
import type { HandlerKind } from '../handlers/handler-kind.js';
import type { HandlerRegistry } from '../handlers/registry.js';
import type { Service } from '../lifecycle/service.js';
import { toText } from '../payload/to-text.js';
import type { ProcessorServer } from '../server/processor-server.js';
import type { PeriodicTask } from '../tasks/periodic-task.js';
import type { Telemetry } from '../telemetry/telemetry.js';
import type { Plugin, PluginHost } from './plugin.js';

/** What of a Processor plugins get to, each through its host. */
export interface PluginSurroundings {
  readonly scope: ProcessorScope;
  readonly handlers: HandlerRegistry;
  readonly server: ProcessorServer;
  readonly telemetry: Telemetry;
  readonly log: Logger;
  readonly control: Queryable;
  readonly connect: (purpose: string) => Promise<pg.Client>;
}

/** Sets plugins up, in order, and keeps what they add. */
export class Plugins {
  readonly tasks: PeriodicTask[] = [];
  readonly services: Service[] = [];
  readonly kinds: HandlerKind[] = [];
  readonly beforeSettle: (() => Promise<void>)[] = [];
  readonly contextParts = new Map<string, ContextPart>();
  readonly #plugins: readonly Plugin[];

  /** @throws RelayError RELAY_PLUGIN_DUPLICATE */
  constructor(plugins: readonly Plugin[]) {
    const names = new Set<string>();
    for (const { name } of plugins) {
      if (names.has(name)) {
        throw new RelayError('RELAY_PLUGIN_DUPLICATE', `plugin ${name} is listed twice`, {
          hint: 'Keep one, with all its options.',
        });
      }
      names.add(name);
    }
    this.#plugins = plugins;
  }

  get sqlModules() {
    return this.#plugins.flatMap((plugin) => (plugin.sql === undefined ? [] : [plugin.sql]));
  }

  async setup({ scope, handlers, server, telemetry, log, control, connect }: PluginSurroundings): Promise<void> {
    for (const plugin of this.#plugins) {
      const host: PluginHost = {
        provide: (provider) => scope.provide(provider),
        handlers: { add: (handler) => handlers.add(handler), addKind: (kind) => this.#addKind(kind) },
        context: { add: (name, make) => this.#addPart(plugin.name, name, make) },
        control,
        tasks: { add: (task) => void this.tasks.push(task) },
        services: { add: (service) => void this.services.push(service) },
        routes: { add: (route) => server.routes.add(route), served: server.isOn },
        hooks: {
          on: (event, hook) => telemetry.on(event, hook),
          tell: (event, message) => telemetry.tell(event, message),
          beforeSettle: (hook) => void this.beforeSettle.push(hook),
        },
        checkPayload: async (channel, payload) => {
          const schema = handlers.schemaOf(channel);
          if (schema !== undefined) await toText(channel, payload, schema);
        },
        readiness: { add: (check) => server.readiness.add(check) },
        log: log.child({ plugin: plugin.name }),
        connect,
      };
      await plugin.setup(host);
    }
  }

  #addKind(kind: HandlerKind): void {
    if (this.kinds.some((other) => other.kind === kind.kind)) {
      throw new RelayError('RELAY_HANDLER_DUPLICATE', `kind ${JSON.stringify(kind.kind)} has two handlers`, {
        hint: 'One plugin serves a kind of channels.',
      });
    }
    this.kinds.push(kind);
  }

  #addPart(plugin: string, name: string, make: ContextPart): void {
    if (this.contextParts.has(name)) {
      throw new RelayError('RELAY_PLUGIN_INVALID', `plugin ${plugin} adds a second ctx.${name}`, {
        hint: 'Give the part of the plugin another name.',
      });
    }
    this.contextParts.set(name, make);
  }
}
