import type { Dispatcher } from 'undici';
import { AddressRefused } from './guarded-connector.js';

/** Why there was no answer. */
export type NoAnswer = 'timeout' | 'unreachable' | 'address_refused';

export interface Request {
  readonly url: URL;
  readonly method: Dispatcher.HttpMethod;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array | null;
  readonly headersTimeoutMs: number;
  readonly bodyTimeoutMs: number;
  readonly timeoutMs: number;
  /** So much of the answer's body is read; then the connection is given up. Octets as they come: nothing is unpacked. */
  readonly maxResponseBytes: number;
  /** So much of it is kept. */
  readonly keptBytes: number;
}

/** What came of one request. The times are in ms since it was given to the connections of its origin. */
export interface Exchange {
  /** Undefined: there was no answer. */
  readonly status?: number;
  readonly none?: NoAnswer;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
  /** False: the body was longer than may be read, or did not come to its end. */
  readonly complete: boolean;
  readonly connectMs: number | undefined;
  readonly headersMs: number | undefined;
  readonly totalMs: number;
  readonly responseBytes: number;
}

/** Sends one request and waits for the end of its answer, or the end of its time. Never throws, follows no redirect. */
export function exchange(dispatcher: Dispatcher, request: Request, stopping: AbortSignal): Promise<Exchange> {
  return new Promise((resolve) => new Running(request, stopping, resolve).start(dispatcher));
}

class Running implements Dispatcher.DispatchHandler {
  readonly #request: Request;
  readonly #stopping: AbortSignal;
  readonly #resolve: (exchange: Exchange) => void;
  readonly #started = performance.now();
  readonly #timer: NodeJS.Timeout;
  readonly #onStop = () => this.#end('unreachable');
  readonly #chunks: Buffer[] = [];
  #kept = 0;
  #controller: Dispatcher.DispatchController | undefined;
  #ended = false;
  #status: number | undefined;
  #headers: Exchange['headers'] = {};
  #connectMs: number | undefined;
  #headersMs: number | undefined;
  #responseBytes = 0;

  constructor(request: Request, stopping: AbortSignal, resolve: (exchange: Exchange) => void) {
    this.#request = request;
    this.#stopping = stopping;
    this.#resolve = resolve;
    this.#timer = setTimeout(() => this.#end('timeout'), request.timeoutMs);
    stopping.addEventListener('abort', this.#onStop);
  }

  start(dispatcher: Dispatcher): void {
    if (this.#stopping.aborted) {
      this.#end('unreachable');
      return;
    }
    const { url, method, headers, body, headersTimeoutMs, bodyTimeoutMs } = this.#request;
    try {
      dispatcher.dispatch(
        {
          path: url.pathname + url.search,
          method,
          headers,
          body,
          headersTimeout: headersTimeoutMs,
          bodyTimeout: bodyTimeoutMs,
        },
        this,
      );
    } catch {
      this.#end('unreachable');
    }
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#ended) controller.abort(new Error('nobody waits for it any more'));
    else this.#connectMs = this.#elapsed();
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: Record<string, string | string[] | undefined>,
  ): void {
    if (status < 200) return;
    this.#status = status;
    this.#headers = headers;
    this.#headersMs = this.#elapsed();
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#responseBytes += chunk.length;
    const room = this.#request.keptBytes - this.#kept;
    if (room > 0) {
      this.#chunks.push(Buffer.from(chunk.subarray(0, room)));
      this.#kept += Math.min(room, chunk.length);
    }
    if (this.#responseBytes > this.#request.maxResponseBytes) this.#end('unreachable');
  }

  onResponseEnd(): void {
    this.#end(undefined);
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    if (error instanceof AddressRefused) this.#end('address_refused');
    else this.#end(/TIMEOUT/.test(codeOf(error)) ? 'timeout' : 'unreachable');
  }

  /** Once the status is here it is the answer: a body that never ends costs its connection, not the event. */
  #end(trouble: NoAnswer | undefined): void {
    if (this.#ended) return;
    this.#ended = true;
    clearTimeout(this.#timer);
    this.#stopping.removeEventListener('abort', this.#onStop);
    this.#resolve({
      ...(this.#status === undefined ? { none: trouble ?? 'unreachable' } : { status: this.#status }),
      headers: this.#headers,
      body: Buffer.concat(this.#chunks),
      complete: trouble === undefined,
      connectMs: this.#connectMs,
      headersMs: this.#headersMs,
      totalMs: this.#elapsed(),
      responseBytes: this.#responseBytes,
    });
    if (trouble !== undefined) this.#controller?.abort(new Error('nobody waits for it any more'));
  }

  #elapsed(): number {
    return performance.now() - this.#started;
  }
}

const codeOf = (error: Error): string => ('code' in error ? String(error.code) : '');
