/** The SQLSTATE of a database error, or undefined for any other value: EPIPE of a socket looks like one, but has an errno. */
export function sqlstateOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error) || 'errno' in error) return undefined;
  return typeof error.code === 'string' && /^[0-9A-Z]{5}$/.test(error.code) ? error.code : undefined;
}

/** The database's own error inside one that a library made around it; any other error as it is. */
export function sourceOf(error: unknown): unknown {
  for (let at = error, depth = 0; at instanceof Error && depth < 10; depth += 1) {
    if (sqlstateOf(at) !== undefined) return at;
    at = at.cause;
  }
  return error;
}

/** What PostgreSQL ends a connection with, or refuses one: class 08, and these. */
const losses = new Set(['57P01', '57P02', '57P03', '57P05', '25P03', '25P04', '53300']);

/**
 * Whether an error says that the connection is gone, or that the server takes none: class 08, 57P01 to 57P03, 53300, a
 * timeout that ends the session, and what the socket reports. It is no outcome of an event: the event goes back, uncounted.
 */
export function isConnectionLoss(error: unknown): boolean {
  const sqlstate = sqlstateOf(error);
  if (sqlstate !== undefined) return sqlstate.startsWith('08') || losses.has(sqlstate);
  if (!(error instanceof Error)) return false;
  if ('code' in error && /^(ECONN|EPIPE|ETIMEDOUT|EHOST|ENET|ENOTFOUND|EAI_)/.test(String(error.code))) return true;
  return /^(Connection terminated|Client (has encountered a connection error|was closed)|timeout expired)/.test(
    error.message,
  );
}

/** Whether an error says that the server, or the session, takes no writes. */
export const isReadOnly = (error: unknown): boolean => sqlstateOf(error) === '25006';

/**
 * Whether one of the Processor's own statements found no server to work with: the connection is gone, or what is at its
 * other end takes no writes (a failover left it on a standby). Another connection may find a better one.
 */
export const isServerAway = (error: unknown): boolean => isConnectionLoss(error) || isReadOnly(error);

/** What a failed attempt leaves beside the payload in pgrelay.failed; none of it goes to a log but sqlstate and code. */
export interface Failure {
  readonly sqlstate?: string;
  readonly code: string;
  readonly message: string;
  readonly detail?: string;
  readonly hint?: string;
  readonly context?: string;
  readonly constraint?: string;
  readonly table?: string;
  /** What the retry policy may look at, see flow/judge.ts. */
  readonly names?: readonly string[];
  readonly errorCode?: string;
  readonly status?: number;
  readonly retryAfterMs?: number;
  readonly retry?: RetryRow;
}

/** The retry policy of a handler's definition, as decide_v2 takes it beside an error. */
export interface RetryRow {
  readonly limit: number;
  readonly jitter: 'none' | 'equal' | 'full';
  readonly delaysMs?: readonly number[];
  readonly initialMs?: number;
  readonly factor?: number;
  readonly maxMs?: number;
  readonly when?: readonly string[];
}

/** Describes whatever a handler threw. */
export function toFailure(error: unknown, code = 'handler_error'): Failure {
  if (!(error instanceof Error)) return { code, message: storable(error) };
  const source = sourceOf(error);
  const sqlstate = sqlstateOf(source);
  const fields = source as Error & Partial<Record<'detail' | 'hint' | 'constraint' | 'table', string>>;
  return {
    ...(sqlstate === undefined ? {} : { sqlstate }),
    code,
    message: storable(error.message),
    ...(fields.detail === undefined ? {} : { detail: storable(fields.detail) }),
    ...(fields.hint === undefined ? {} : { hint: storable(fields.hint) }),
    ...(error.stack === undefined ? {} : { context: storable(error.stack) }),
    ...(fields.constraint === undefined ? {} : { constraint: storable(fields.constraint) }),
    ...(fields.table === undefined ? {} : { table: storable(fields.table) }),
  };
}

/** Half of a character that takes two UTF-16 units. */
const loneSurrogate = /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;

/** jsonb takes no NUL and no half character; one such text must not block a settlement. At most 8192 UTF-16 units. */
export function storable(value: unknown): string {
  return textOf(value).slice(0, 8192).replaceAll('\0', '\u2400').replaceAll(loneSurrogate, '\ufffd');
}

function textOf(value: unknown): string {
  try {
    return String(value);
  } catch {
    return 'a value without a text';
  }
}

/** Whether the database will never take these data: a data exception, a violated constraint, a limit of a row. */
export function isRefusal(error: unknown): boolean {
  return /^(22|23|54)/.test(sqlstateOf(error) ?? '');
}
