import { EmbeddedError } from '@pgrelay/embedded';
import { isConnectionLoss, RelayError, sqlstateOf } from '@pgrelay/relay-core';
import { CommanderError } from 'commander';

/** An error as a person or a script sees it. */
export interface ExplainedError {
  /** A code of ours (docs/reference/errors.md) or the server's SQLSTATE. */
  readonly code: string;
  readonly message: string;
  readonly hint?: string;
}

const embeddedHints: Readonly<Record<string, string>> = {
  EMBEDDED_ALREADY_RUNNING: 'To work beside it, set DATABASE_URL to the URL that it printed when it started.',
  EMBEDDED_PORT_TAKEN: 'Leave --port away to have a free port chosen.',
};

const serverHints: Readonly<Record<string, string>> = {
  '28P01': 'Check the user and the password in DATABASE_URL.',
  '28000': 'Check the user in DATABASE_URL and pg_hba.conf of the server.',
  '3D000': 'Create the database first, or name another one in DATABASE_URL.',
  '42501': 'The login lacks a privilege; docs/guides/managed-cloud.md lists what each step needs.',
};

/** Says what went wrong in terms of code, message and what to do. */
export function explainError(error: unknown): ExplainedError {
  if (error instanceof RelayError) {
    return { code: error.code, message: error.message, ...(error.hint === undefined ? {} : { hint: error.hint }) };
  }
  if (error instanceof EmbeddedError) {
    const hint = embeddedHints[error.code];
    return { code: error.code, message: error.message, ...(hint === undefined ? {} : { hint }) };
  }
  if (error instanceof CommanderError) {
    const message = error.code === 'commander.help' ? 'no command was given' : error.message.replace(/^error: /, '');
    return { code: 'PGRELAY_USAGE', message, hint: 'See pgrelay --help.' };
  }
  const sqlstate = sqlstateOf(error);
  if (sqlstate !== undefined && error instanceof Error) {
    const own = 'hint' in error && typeof error.hint === 'string' ? error.hint : serverHints[sqlstate];
    return { code: sqlstate, message: error.message, ...(own === undefined ? {} : { hint: own }) };
  }
  const attempts = error instanceof AggregateError ? error.errors : [error];
  if (attempts.some(isConnectionLoss)) {
    const message = attempts
      .map((attempt) => (attempt instanceof Error ? attempt.message : String(attempt)))
      .join('; ');
    return {
      code: 'PGRELAY_DATABASE_UNREACHABLE',
      message: `the database does not answer: ${message}`,
      hint: 'Check the host and the port in DATABASE_URL, and that the server is running.',
    };
  }
  const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return { code: 'PGRELAY_UNEXPECTED', message, hint: 'This is a fault of pgrelay: please report it with this text.' };
}
