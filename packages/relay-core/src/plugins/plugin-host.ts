import { RelayError } from '@pgrelay/relay-sql';
import type pg from 'pg';
import type { Logger } from 'pino';
import type { ProcessorScope } from '../di/processor-scope.js';
import type { HandlerRegistry } from '../handlers/registry.js';
import type { Service } from '../lifecycle/service.js';
import { toText } from '../payload/to-text.js';
import type { ProcessorServer } from '../server/processor-server.js';
import type { PeriodicTask } from '../tasks/periodic-task.js';
import type { Telemetry } from '../telemetry/telemetry.js';
import type { Plugin, PluginHost } from './plugin.js';

/** Sets plugins up, in order, and keeps what they add. */
export class Plugins {
  readonly tasks: PeriodicTask[] = [];
  readonly services: Service[] = [];
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

  async setup(
    scope: ProcessorScope,
    handlers: HandlerRegistry,
    server: ProcessorServer,
    telemetry: Telemetry,
    log: Logger,
    connect: (purpose: string) => Promise<pg.Client>,
  ): Promise<void> {
    for (const plugin of this.#plugins) {
      const host: PluginHost = {
        provide: (provider) => scope.provide(provider),
        handlers: { add: (handler) => handlers.add(handler) },
        tasks: { add: (task) => void this.tasks.push(task) },
        services: { add: (service) => void this.services.push(service) },
        routes: { add: (route) => server.routes.add(route), served: server.isOn },
        hooks: { on: (event, hook) => telemetry.on(event, hook) },
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
}
