import type { InboundOptions } from './inbound/inbound-options.js';

export type HttpMethod = 'POST' | 'PUT' | 'PATCH';

/** Where the events of one channel go. */
export interface HttpEndpoint {
  /** An http: or https: URL, without a user and password in it. */
  readonly url: string;
  /** Default: `POST`. */
  readonly method?: HttpMethod;
  /** Sent with every request, in addition to `content-type` and `webhook-id`. Never logged. Default: none. */
  readonly headers?: Readonly<Record<string, string>>;
  /** From the start of a request to the status of its answer, in ms. Default: 15,000. */
  readonly timeoutMs?: number;
  /** How many requests of this channel a Processor has under way at once. Default: 8. */
  readonly concurrency?: number;
  /**
   * The pauses before the first, second, … retry, in ms; when they are used up the event fails.
   * Default: 5 s, 5 min, 30 min, 2 h, 5 h, 10 h.
   */
  readonly retryDelaysMs?: readonly number[];
}

export interface HttpOptions {
  /** Channel → endpoint. Default: none. */
  readonly endpoints: Readonly<Record<string, HttpEndpoint>>;
  /** `POST /channels/:name/events` on the Processor's HTTP server. Default: off. */
  readonly inbound?: InboundOptions;
}

const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;

export const defaultEndpointOptions = {
  method: 'POST',
  headers: {},
  timeoutMs: 15 * second,
  concurrency: 8,
  retryDelaysMs: [5 * second, 5 * minute, 30 * minute, 2 * hour, 5 * hour, 10 * hour],
} as const;

/** An endpoint with its defaults filled in and its URL read. */
export interface CheckedEndpoint extends Required<Omit<HttpEndpoint, 'url'>> {
  readonly channel: string;
  readonly url: URL;
}
