import { RelayError } from '@pgrelay/relay-sql';

/** The HTTP server of a Processor: `/healthz`, `/readyz` and the routes of plugins. */
export interface ServerOptions {
  /** TCP port, 0 to 65535; 0: a free one, which `processor.url` names. */
  readonly port: number;
  /** The address to listen on. Whoever reaches it sees health and readiness. Default: `127.0.0.1`. */
  readonly host?: string;
  /** The longest body of a request, in bytes, where a route says nothing else. Default: 1,048,576. */
  readonly bodyLimitBytes?: number;
  /** How long a client may take to send the headers of a request, in ms. Default: 5,000. */
  readonly headersTimeoutMs?: number;
  /** How long it may take to send a whole request, in ms. Default: 15,000. */
  readonly requestTimeoutMs?: number;
  /** How long a route may take to answer, in ms; then its signal is aborted and the answer is 503. Default: 15,000. */
  readonly routeTimeoutMs?: number;
  /** How many connections are open at once; more are refused. Default: 256. */
  readonly maxConnections?: number;
}

export const defaultServerOptions = {
  host: '127.0.0.1',
  bodyLimitBytes: 1_048_576,
  headersTimeoutMs: 5_000,
  requestTimeoutMs: 15_000,
  routeTimeoutMs: 15_000,
  maxConnections: 256,
} as const;

export type CheckedServerOptions = Required<ServerOptions>;

const ranges: Readonly<Record<Exclude<keyof ServerOptions, 'host'>, readonly [number, number]>> = {
  port: [0, 65_535],
  bodyLimitBytes: [0, 134_217_728],
  headersTimeoutMs: [100, 3_600_000],
  requestTimeoutMs: [100, 3_600_000],
  routeTimeoutMs: [1, 3_600_000],
  maxConnections: [1, 65_535],
};

/** Fills defaults in and refuses what cannot work. @throws RelayError RELAY_OPTION_INVALID */
export function checkServerOptions(given: ServerOptions): CheckedServerOptions {
  const refuse = (what: string, hint: string): never => {
    throw new RelayError('RELAY_OPTION_INVALID', `option server${what}`, { hint });
  };
  if (typeof given !== 'object' || given === null)
    return refuse(` is ${JSON.stringify(given)}`, 'It is { port, host }.');
  const defined = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  const unknown = Object.keys(defined).find((name) => name !== 'host' && !(name in ranges));
  if (unknown !== undefined)
    refuse(` has no ${JSON.stringify(unknown)}`, `It has ${['host', ...Object.keys(ranges)].join(', ')}.`);
  const options = { ...defaultServerOptions, ...(defined as unknown as ServerOptions) };
  for (const [name, [least, most]] of Object.entries(ranges)) {
    const value = options[name as keyof typeof ranges];
    if (!Number.isInteger(value) || value < least || value > most)
      refuse(`.${name} is ${JSON.stringify(value)}`, `It is a whole number from ${least} to ${most}.`);
  }
  if (typeof options.host !== 'string' || options.host === '')
    refuse(`.host is ${JSON.stringify(options.host)}`, 'It is an address or a host name, such as "0.0.0.0" or "::".');
  if (options.requestTimeoutMs < options.headersTimeoutMs)
    refuse('.requestTimeoutMs is shorter than headersTimeoutMs', 'A request is its headers and its body.');
  return options;
}
