import type { IncomingHttpHeaders } from 'node:http';

export type RouteMethod = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** What a client asked for. */
export interface RouteRequest {
  readonly method: string;
  /** The path without its query, e.g. `/channels/orders/events`. */
  readonly path: string;
  /** What stands in the path in the place of `:name`, decoded. */
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  /** By lower-case name. They may hold secrets: never log them. */
  readonly headers: IncomingHttpHeaders;
  /** The whole body; empty when there is none. Never log it. */
  readonly body: Buffer;
  /** Aborted when the client is gone, the route's time is up, or the Processor is forced to stop. */
  readonly signal: AbortSignal;
}

/** What is answered. */
export interface RouteReply {
  /** 100 to 599. Default: 200. */
  readonly status?: number;
  /** Written as JSON; a string with a `content-type` header of its own is sent as it is. Default: no body. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** One thing that the Processor's HTTP server answers. */
export interface Route {
  readonly method: RouteMethod;
  /** Segments between slashes; `:name` stands for any one: `/channels/:name/events`. */
  readonly path: string;
  /** The longest body, in bytes. Default: that of the server. */
  readonly bodyLimitBytes?: number;
  /**
   * Answers. A RouteError is answered with its status, code and message; of anything else that is thrown the client learns only that it
   * happened, and the log its code.
   */
  handler(request: RouteRequest): RouteReply | Promise<RouteReply>;
}
