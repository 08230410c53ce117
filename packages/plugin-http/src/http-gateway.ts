import { type Queryable, RelayError, sqlstateOf } from '@pgrelay/relay-core';
import { toRelayError } from '@pgrelay/relay-sql';
import type { AttemptRow } from './delivery/attempt-row.js';
import type { CheckedEndpoint } from './endpoints/check-endpoint.js';
import type { HttpMethod } from './options.js';

/** The SQLSTATEs that the functions of schema pgrelay_http raise, and the codes they have in TypeScript. */
const codes: Readonly<Record<string, string>> = {
  PH001: 'PLUGIN_HTTP_URL_INVALID',
  PH002: 'PLUGIN_HTTP_HEADER_INVALID',
  PH003: 'PLUGIN_HTTP_TEMPLATE_INVALID',
  PH004: 'PLUGIN_HTTP_SECRET_INVALID',
  PH005: 'PLUGIN_HTTP_ENDPOINT_UNKNOWN',
  PH006: 'PLUGIN_HTTP_OPTION_INVALID',
  PH007: 'PLUGIN_HTTP_ENDPOINT_TAKEN',
};

/** An endpoint as the database has it. With source `code` the rest is in the options of some Processor. */
export interface EndpointRow {
  readonly channel: string;
  readonly source: 'sql' | 'code';
  /** Another one after every change. */
  readonly version: string;
  readonly url: string;
  readonly method: HttpMethod;
  readonly headers: Readonly<Record<string, string>>;
  readonly template: unknown;
  readonly secrets: readonly string[];
  readonly headers_timeout_ms: number;
  readonly body_timeout_ms: number;
  readonly timeout_ms: number;
  readonly concurrency: number;
  readonly retry_delays_ms: readonly number[];
  readonly pause_after: number;
}

/** The calls that plugin-http makes; nothing else in this package holds SQL text. */
export const httpGateway = {
  /** True: deliveries are held, since this database is a copy. */
  async enterNode(db: Queryable): Promise<boolean> {
    return (await call<{ held: boolean }>(db, 'select pgrelay_http.enter_node_v1() as held'))[0]?.held === true;
  },

  async declareEndpoints(db: Queryable, endpoints: readonly CheckedEndpoint[], mayRegister: boolean): Promise<void> {
    const rows = endpoints.map(({ url, keys, headers, template, ...rest }) => ({ ...rest, origin: url.origin }));
    await call(db, 'select pgrelay_http.declare_endpoints_v1($1, $2)', [JSON.stringify(rows), mayRegister]);
  },

  endpoints(db: Queryable): Promise<EndpointRow[]> {
    return call<EndpointRow>(
      db,
      'select channel, source, version, url, method, headers, template, secrets, headers_timeout_ms, body_timeout_ms, timeout_ms, concurrency, retry_delays_ms, pause_after from pgrelay_http.endpoints_v1()',
    );
  },

  /** A code, or null for an endpoint that is served. */
  async reportEndpoints(db: Queryable, channels: readonly string[], faults: readonly (string | null)[]): Promise<void> {
    await call(db, 'select pgrelay_http.report_endpoints_v1($1, $2)', [channels, faults]);
  },

  async recordAttempts(db: Queryable, rows: readonly AttemptRow[]): Promise<void> {
    await call(db, 'select pgrelay_http.record_attempts_v1($1, $2)', [
      JSON.stringify(rows),
      rows.some(({ x }) => x !== null),
    ]);
  },

  /** How many there were, at most 10,000. */
  async forgetAttempts(db: Queryable, keepDays: number): Promise<number> {
    const rows = await call<{ gone: number }>(
      db,
      'select pgrelay_http.forget_attempts_v1(pg_catalog.make_interval(days => $1)) as gone',
      [keepDays],
    );
    return rows[0]?.gone ?? 0;
  },
};

/** Whether an error says that the schema pgrelay_http is not there, or is an older one. */
export const isNotInstalled = (error: unknown): boolean =>
  ['3F000', '42883', '42P01'].includes(sqlstateOf(error) ?? '');

async function call<R extends object>(db: Queryable, text: string, values?: unknown[]): Promise<R[]> {
  try {
    return (await db.query<R & Record<string, unknown>>(text, values)).rows;
  } catch (error) {
    const code = codes[sqlstateOf(error) ?? ''];
    if (code === undefined || !(error instanceof Error)) throw toRelayError(error);
    const hint = 'hint' in error && typeof error.hint === 'string' ? { hint: error.hint } : {};
    throw new RelayError(code, error.message, { ...hint, cause: error });
  }
}
