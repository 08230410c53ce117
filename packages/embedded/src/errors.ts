/** Every code an {@link EmbeddedError} can carry. They are stable: scripts may compare them. */
export type EmbeddedErrorCode =
  | 'EMBEDDED_ALREADY_RUNNING'
  | 'EMBEDDED_BINARIES_MISSING'
  | 'EMBEDDED_FOLDER_NOT_OURS'
  | 'EMBEDDED_FOLDER_UNREADABLE'
  | 'EMBEDDED_INIT_FAILED'
  | 'EMBEDDED_NO_USER'
  | 'EMBEDDED_OPTION_INVALID'
  | 'EMBEDDED_PASSWORD_MISSING'
  | 'EMBEDDED_PLATFORM_UNSUPPORTED'
  | 'EMBEDDED_PORT_TAKEN'
  | 'EMBEDDED_START_FAILED'
  | 'EMBEDDED_STOP_FAILED'
  | 'EMBEDDED_WRONG_VERSION';

/** What went wrong with the embedded server. The message says what, with which value, and what to do about it. */
export class EmbeddedError extends Error {
  override readonly name = 'EmbeddedError';

  constructor(
    readonly code: EmbeddedErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** The `code` of a system error (`ENOENT`, `EACCES` …), or undefined for anything else. */
export function systemCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}
