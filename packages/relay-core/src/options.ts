import { RelayError } from '@pgrelay/relay-sql';
import type { Logger } from 'pino';
import type { Container } from './di/container.js';
import type { Class } from './di/injectable.js';
import type { Provider } from './di/provider.js';
import type { HandlerDefinition, HandlerObject } from './handlers/handler-definition.js';
import type { Plugin } from './plugins/plugin.js';
import { type CheckedServerOptions, checkServerOptions, type ServerOptions } from './server/server-options.js';

export interface ProcessorOptions {
  /** The database. Its login needs the role pgrelay_processor. */
  readonly connectionString: string;
  /** Connections that run actions, 1 to 9. The Processor opens two more: control and heartbeat. Default: 1. */
  readonly workers?: number;
  readonly plugins?: readonly Plugin[];
  readonly handlers?: readonly (HandlerDefinition | Class<HandlerObject>)[];
  /** What handler classes may inject. */
  readonly provide?: readonly Provider[];
  /** A tsyringe container whose registrations class handlers may inject too. Default: the global one. */
  readonly container?: Container;
  /** Default: a pino logger at level `info` on standard output. */
  readonly log?: Logger;
  /** How often an idle worker looks for work, in ms. Default: 1000. */
  readonly pollIntervalMs?: number;
  /** How long a Processor may be silent before others take its events, in ms. Default: 5000. */
  readonly leaseMs?: number;
  /** How long stop() waits for running handlers before it aborts them, in ms. Default: 30000. */
  readonly drainTimeoutMs?: number;
  /** `declare`: register the channels of handlers that do not exist. `require`: that is an error. Default: `declare`. */
  readonly channels?: 'declare' | 'require';
  /** How long audit rows are kept, in days. Default: 30. */
  readonly logRetentionDays?: number;
  /** An HTTP server for health, readiness and the routes of plugins. Default: none. */
  readonly server?: ServerOptions;
  /** How long failed events are kept with their payloads, in days. Default: until they are redriven or removed. */
  readonly failedRetentionDays?: number;
}

export const defaultProcessorOptions = {
  workers: 1,
  pollIntervalMs: 1_000,
  leaseMs: 5_000,
  drainTimeoutMs: 30_000,
  channels: 'declare',
  logRetentionDays: 30,
} as const;

/** What libpq takes and the driver does not: `host1,host2` in a URL, or as its parameter `host`. */
const severalHosts = /^\w+:\/\/(?:[^/?#]*@)?[^/?#@]*,[^/?#@]*(?:[/?#]|$)|[?&]host=[^&]*(?:,|%2c)/i;

export type CheckedOptions = Omit<ProcessorOptions, 'server'> &
  Required<Pick<ProcessorOptions, keyof typeof defaultProcessorOptions>> & { readonly server?: CheckedServerOptions };

/** Fills defaults in and refuses what cannot work. @throws RelayError RELAY_OPTION_INVALID */
export function checkProcessorOptions(given: ProcessorOptions): CheckedOptions {
  const defined = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  const options = { ...defaultProcessorOptions, ...defined } as CheckedOptions;
  const refuse = (name: keyof ProcessorOptions, hint: string) => {
    throw new RelayError('RELAY_OPTION_INVALID', `option ${name} is ${JSON.stringify(options[name])}`, { hint });
  };
  if (typeof options.connectionString !== 'string' || options.connectionString === '') {
    throw new RelayError('RELAY_OPTION_INVALID', 'option connectionString is missing', {
      hint: 'Give the URL of the database, for example process.env.DATABASE_URL.',
    });
  }
  if (severalHosts.test(options.connectionString)) {
    throw new RelayError('RELAY_OPTION_INVALID', 'option connectionString names several hosts', {
      hint: 'A connection goes to one: name a proxy, or an address that is moved at a failover, in front of them.',
    });
  }
  const whole = (
    name: 'workers' | 'pollIntervalMs' | 'leaseMs' | 'drainTimeoutMs' | 'logRetentionDays' | 'failedRetentionDays',
    least: number,
    most: number,
  ) => {
    const value = options[name];
    if (value === undefined || !Number.isInteger(value) || value < least || value > most)
      refuse(name, `It is a whole number from ${least} to ${most}.`);
  };
  whole('workers', 1, 9);
  whole('pollIntervalMs', 1, 3_600_000);
  whole('leaseMs', 500, 3_600_000);
  whole('drainTimeoutMs', 0, 3_600_000);
  whole('logRetentionDays', 1, 36_500);
  if (options.failedRetentionDays !== undefined) whole('failedRetentionDays', 1, 36_500);
  if (options.channels !== 'declare' && options.channels !== 'require')
    refuse('channels', "It is 'declare' or 'require'.");
  return options.server === undefined ? options : { ...options, server: checkServerOptions(options.server) };
}
