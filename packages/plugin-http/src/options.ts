import type { LookupFunction } from 'node:net';
import type { InboundOptions } from './inbound/inbound-options.js';

export type HttpMethod = 'POST' | 'PUT' | 'PATCH';

/** Where the events of one channel go. pgrelay_http.register_endpoint() takes the same from SQL. */
export interface HttpEndpoint {
  /** An https: URL (http: where `allowHttp` is given), without a user and password in it. */
  readonly url: string;
  /** Default: `POST`. */
  readonly method?: HttpMethod;
  /** Sent with every request, in addition to `content-type: application/json` and `webhook-…`. Never logged. Default: none. */
  readonly headers?: Readonly<Record<string, string>>;
  /**
   * The body, as JSON with `{{payload.order.id}}`, `{{event.id}}`, `{{event.channel}}`, `{{event.enqueued_at}}` or
   * `{{event.dedup_key}}` in its strings. Default: the payload, as it is.
   */
  readonly body?: unknown;
  /**
   * What requests are signed with (Standard Webhooks): `whsec_…` (HMAC-SHA256), `whsk_…` (ed25519), or `env:NAME`, the newest
   * first; each makes a signature. Never logged. Default: none, no signature.
   */
  readonly secrets?: readonly string[];
  /** A request as a whole, in ms. Default: 30,000. */
  readonly timeoutMs?: number;
  /** Until the status of its answer is here, in ms. Default: 15,000. */
  readonly headersTimeoutMs?: number;
  /** Between two parts of the answer's body, in ms. Default: 5,000. */
  readonly bodyTimeoutMs?: number;
  /** How many requests of this channel a Processor has under way at once. Default: 16. */
  readonly concurrency?: number;
  /**
   * The pauses before the first, second, … retry, in ms, each shortened at random by up to half; when they are used up the event
   * fails. Default: 5 s, 5 min, 30 min, 2 h, 5 h, 10 h.
   */
  readonly retryDelaysMs?: readonly number[];
  /** The channel that gets an event when the endpoint keeps failing, when that is over, and when it is gone. Default: none. */
  readonly alertChannel?: string;
  /** After so many failures in a row. Default: 5. */
  readonly alertAfter?: number;
  /** So many failures in a row open the channel's circuit breaker, which then probes; 0: never. Default: 10. */
  readonly pauseAfter?: number;
}

export interface HttpOptions {
  /** Channel → endpoint, beside those that are registered in SQL. Default: none. */
  readonly endpoints: Readonly<Record<string, HttpEndpoint>>;
  /** Whether http: URLs are allowed, whose requests anybody on the way can read and change. Default: false. */
  readonly allowHttp: boolean;
  /**
   * Addresses and ranges that requests may go to beside the public ones, e.g. `['10.1.0.0/16']`. Whoever registers an endpoint can
   * make this process talk to whatever listens there. Default: none.
   */
  readonly allowAddresses: readonly string[];
  /** Requests to one origin that a Processor has under way at once, whatever channels they are of. Default: 64. */
  readonly originConcurrency: number;
  /** Until a new connection is made, TLS included, in ms. Default: 10,000. */
  readonly connectTimeoutMs: number;
  /** Longer bodies are not sent, in octets. Default: 2,097,152. */
  readonly maxRequestBytes: number;
  /** So much of an answer's body is read, in octets; it is not unpacked. Default: 65,536. */
  readonly maxResponseBytes: number;
  /** So much of it is kept beside the payload in pgrelay.failed when an event fails for good, in octets. Default: 1,024. */
  readonly excerptBytes: number;
  /** Whether HTTP/2 is offered. Default: true. */
  readonly http2: boolean;
  /** Certificates (PEM) to trust instead of the usual ones. Default: none. */
  readonly ca: readonly string[];
  /** Looks names up, in place of the system's resolver. Its addresses are checked. Default: none. */
  readonly lookup: LookupFunction | undefined;
  /** How long pgrelay_http.attempts goes back, in days. Default: 30. */
  readonly keepAttemptsDays: number;
  /** `POST /channels/:name/events` on the Processor's HTTP server. Default: off. */
  readonly inbound: InboundOptions | undefined;
}

const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;

export const defaultEndpointOptions = {
  method: 'POST',
  headers: {},
  body: undefined,
  secrets: [],
  timeoutMs: 30 * second,
  headersTimeoutMs: 15 * second,
  bodyTimeoutMs: 5 * second,
  concurrency: 16,
  retryDelaysMs: [5 * second, 5 * minute, 30 * minute, 2 * hour, 5 * hour, 10 * hour],
  alertChannel: undefined,
  alertAfter: 5,
  pauseAfter: 10,
} as const;

export const defaultHttpOptions: HttpOptions = {
  endpoints: {},
  allowHttp: false,
  allowAddresses: [],
  originConcurrency: 64,
  connectTimeoutMs: 10 * second,
  maxRequestBytes: 2_097_152,
  maxResponseBytes: 65_536,
  excerptBytes: 1_024,
  http2: true,
  ca: [],
  lookup: undefined,
  keepAttemptsDays: 30,
  inbound: undefined,
};
