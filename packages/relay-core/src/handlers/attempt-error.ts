/**
 * An error with a code of the handler's own, for the retry policy to judge: `throw new AttemptError('bank_busy', { status: 503 })`.
 * The code goes to the log, as that of fail() does; the message goes to pgrelay.failed only.
 */
export class AttemptError extends Error {
  override readonly name = 'AttemptError';
  /** Stable, lower case, no data: it is logged. */
  readonly code: string;
  /** The HTTP status that was the answer, for rules such as `http:5xx`. */
  readonly status: number | undefined;
  /** How long the other side asked to wait (Retry-After), in ms; honoured up to a day. */
  readonly retryAfterMs: number | undefined;

  constructor(
    code: string,
    options: {
      readonly message?: string;
      readonly status?: number;
      readonly retryAfterMs?: number;
      readonly cause?: unknown;
    } = {},
  ) {
    super(options.message ?? code, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.status = options.status;
    this.retryAfterMs = options.retryAfterMs;
  }
}
