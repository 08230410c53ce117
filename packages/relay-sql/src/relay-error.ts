/**
 * The base of every coded error of pgrelay. `code` is stable and has an entry in docs/reference/errors.md; the message
 * says what was wrong with which value, `hint` what to do.
 */
export class RelayError extends Error {
  override readonly name = 'RelayError';
  readonly code: string;
  readonly hint: string | undefined;

  constructor(code: string, message: string, options: { readonly hint?: string; readonly cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.hint = options.hint;
  }
}
