import {
  defineHandler,
  type HandlerDefinition,
  type HandlerKind,
  type KindChannel,
  type PluginHost,
  type Queryable,
  RelayError,
} from '@pgrelay/relay-core';
import { type DeliveryParts, deliver } from '../delivery/deliver.js';
import { transient } from '../delivery/judge.js';
import { type EndpointRow, httpGateway, isNotInstalled } from '../http-gateway.js';
import { readSecrets } from './read-secrets.js';
import type { Fault, Target } from './target.js';
import { readUrl } from './url-fault.js';

/** A delivery ends by its own timeout; the relay's comes later and only if something hangs: waiting for a turn, writing it down. */
const slackMs = 30_000;

interface Served {
  readonly version: string;
  /** Undefined: it cannot be served. */
  readonly handler: HandlerDefinition | undefined;
}

/** Serves the channels of kind http: those of the options, and those that were registered in SQL, whenever they were. */
export class EndpointKind implements HandlerKind {
  readonly kind = 'http';
  readonly #parts: DeliveryParts;
  readonly #log: PluginHost['log'];
  readonly #ofOptions: ReadonlyMap<string, HandlerDefinition>;
  readonly #served = new Map<string, Served>();

  constructor(parts: DeliveryParts, log: PluginHost['log']) {
    this.#parts = parts;
    this.#log = log;
    this.#ofOptions = new Map(parts.options.endpoints.map((endpoint) => [endpoint.channel, this.#handlerOf(endpoint)]));
  }

  async declare(db: Queryable, mayRegister: boolean): Promise<void> {
    const { endpoints } = this.#parts.options;
    try {
      if (await httpGateway.enterNode(db)) {
        this.#log.warn('deliveries are held: this database is a copy; pgrelay_http.confirm_node() lets them go');
      }
      if (endpoints.length > 0) await httpGateway.declareEndpoints(db, endpoints, mayRegister);
    } catch (error) {
      if (!isNotInstalled(error)) throw error;
      if (endpoints.length === 0) {
        this.#log.warn(
          'the database has no schema pgrelay_http, or an older one: no endpoint is served until it is migrated',
        );
        return;
      }
      throw new RelayError('RELAY_NOT_INSTALLED', 'the database has no schema pgrelay_http, or an older one', {
        hint: 'Run: npx pgrelay migrate (or migrate() of @pgrelay/relay-sql with httpSql among its modules).',
        cause: error,
      });
    }
  }

  async load(db: Queryable, channels: readonly KindChannel[]): Promise<readonly HandlerDefinition[]> {
    if (channels.length === 0) return [];
    const rows = await httpGateway.endpoints(db).catch((error) => {
      if (isNotInstalled(error)) return [];
      throw error;
    });
    const changed = rows.filter(
      (row) => row.source === 'sql' && this.#served.get(row.channel)?.version !== row.version,
    );
    const faults = changed.map((row) => this.#take(row));
    if (changed.length > 0) {
      const names = changed.map(({ channel }) => channel);
      await httpGateway.reportEndpoints(
        db,
        names,
        faults.map((fault) => fault?.code ?? null),
      );
    }
    return rows.flatMap(({ channel, source }) => {
      const handler = source === 'code' ? this.#ofOptions.get(channel) : this.#served.get(channel)?.handler;
      return handler === undefined ? [] : [handler];
    });
  }

  /** Makes the handler of an endpoint that is new or was changed. */
  #take(row: EndpointRow): Fault | undefined {
    const target = this.#targetOf(row);
    const isFault = 'code' in target;
    this.#served.set(row.channel, { version: row.version, handler: isFault ? undefined : this.#handlerOf(target) });
    if (!isFault) return undefined;
    this.#log.error({ channel: row.channel, code: target.code }, 'an endpoint cannot be served; its events wait');
    return target;
  }

  #targetOf(row: EndpointRow): Target | Fault {
    const url = readUrl(row.url, this.#parts.options.rules);
    if (!('url' in url)) return url;
    const secrets = readSecrets(row.secrets, process.env);
    if (!('keys' in secrets)) return secrets;
    return {
      channel: row.channel,
      url: url.url,
      keys: secrets.keys,
      method: row.method,
      headers: Object.fromEntries(Object.entries(row.headers).map(([name, value]) => [name.toLowerCase(), value])),
      template: row.template ?? undefined,
      timeoutMs: row.timeout_ms,
      headersTimeoutMs: row.headers_timeout_ms,
      bodyTimeoutMs: row.body_timeout_ms,
      concurrency: row.concurrency,
      retryDelaysMs: row.retry_delays_ms,
      pauseAfter: row.pause_after,
    };
  }

  #handlerOf(target: Target): HandlerDefinition {
    const { channel, concurrency, timeoutMs, retryDelaysMs, pauseAfter } = target;
    return defineHandler(
      channel,
      {
        payload: 'text',
        concurrency,
        timeoutMs: timeoutMs + slackMs,
        retry: { delaysMs: retryDelaysMs, jitter: 'equal', when: transient },
        ...(pauseAfter === 0 ? {} : { breaker: { failures: pauseAfter, pauseMs: 60_000, maxPauseMs: 3_600_000 } }),
      } as const,
      (event, ctx) => deliver(target, event, ctx, this.#parts),
    );
  }
}
