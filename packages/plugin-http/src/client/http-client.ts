import type { HttpResponse } from './http-response.js';

export interface HttpRequestOptions {
  /** Default: `GET`, or `POST` with a body. */
  readonly method?: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Default: none; `content-type: application/json` with `json`. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as it is. Default: none. */
  readonly body?: string | Uint8Array;
  /** Sent as JSON, in place of `body`. */
  readonly json?: unknown;
  /** The request as a whole, in ms. Default: 30,000. */
  readonly timeoutMs?: number;
  /** A longer answer is an error, in octets; it is not unpacked. Default: 1,048,576. */
  readonly maxResponseBytes?: number;
  /** Signs the request as deliveries are (Standard Webhooks): an id that a retry gives again, such as the event's, and secrets. */
  readonly sign?: { readonly id: string; readonly secrets: readonly string[] };
}

export const defaultHttpRequestOptions = { timeoutMs: 30_000, maxResponseBytes: 1_048_576 } as const;

/**
 * `ctx.http`: requests from handlers of any channel, over the connections, and within the limits and address rules, of the plugin.
 * Redirects are not followed.
 */
export interface HttpClient {
  /**
   * Resolves with whatever status came; to let the retry policy judge one, `throw new AttemptError('bank_busy', { status })`.
   * @throws AttemptError http_timeout, http_unreachable, http_address_refused, http_response_too_large
   * @throws RelayError PLUGIN_HTTP_URL_INVALID, PLUGIN_HTTP_INSECURE, PLUGIN_HTTP_ADDRESS_REFUSED, PLUGIN_HTTP_HEADER_INVALID, PLUGIN_HTTP_SECRET_INVALID, PLUGIN_HTTP_SECRET_MISSING
   */
  request(url: string | URL, options?: HttpRequestOptions): Promise<HttpResponse>;
}

declare module '@pgrelay/relay-core' {
  interface ContextExtensions {
    /** Requests by plugin-http; there in Processors that have the plugin. */
    readonly http: HttpClient;
  }
}
