import type { HttpMethod } from '../options.js';
import type { SigningKey } from '../signing/signing-key.js';

/** An endpoint that was checked: all that a delivery needs. */
export interface Target {
  readonly channel: string;
  readonly url: URL;
  readonly method: HttpMethod;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** Undefined: the payload as it is. */
  readonly template: unknown;
  readonly keys: readonly SigningKey[];
  readonly timeoutMs: number;
  readonly headersTimeoutMs: number;
  readonly bodyTimeoutMs: number;
  readonly concurrency: number;
  readonly retryDelaysMs: readonly number[];
  readonly pauseAfter: number;
}

/** What of an endpoint cannot work; without the value, which may be a secret. */
export interface Fault {
  readonly code: string;
  readonly what: string;
  readonly hint: string;
}
