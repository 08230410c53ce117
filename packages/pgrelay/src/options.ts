/** Options that every command takes. */
export interface CommonOptions {
  /** The server. Default: DATABASE_URL; without either an embedded PostgreSQL. */
  readonly databaseUrl?: string;
  /** Where the embedded PostgreSQL keeps its data. Default: `.pgrelay` in the current directory. */
  readonly directory: string;
  /** TCP port of the embedded PostgreSQL. Default: a free one, kept in the directory. */
  readonly port?: number;
  /** JSON instead of text. Default: false. */
  readonly json?: boolean;
}

export interface StartOptions extends CommonOptions {
  readonly workers: number;
  /** Migrate the database first. An embedded one always is. Default: false. */
  readonly migrate?: boolean;
  readonly logLevel: string;
  /** Port of the HTTP server for health and readiness. Default: there is none. */
  readonly httpPort?: number;
  /** The address that it listens on. Default: 127.0.0.1. */
  readonly httpHost: string;
}

export interface CronOptions extends CommonOptions {
  /** Whose jobs these are: the option `app` of their `cron()`. */
  readonly app: string;
}

export interface CronSyncOptions extends CronOptions {
  /** Remove jobs that the app declared once and declares no more. Default: false. */
  readonly remove?: boolean;
}

export interface UninstallCommandOptions extends CommonOptions {
  /** Schemas to remove. Default: all. */
  readonly module?: readonly string[];
  /** Remove, and not only say what would be removed. Default: false. */
  readonly yes?: boolean;
  /** Also while Processors are alive. Default: false. */
  readonly force?: boolean;
}

export interface TypesOptions {
  /** Modules that export handlers and channels. */
  readonly handlers: readonly string[];
  /** The file to write; .d.ts: types only. Default: standard output. */
  readonly output?: string;
  /** Write nothing; exit code 1 when the file is out of date. Default: false. */
  readonly check?: boolean;
  /** Errors as JSON. Default: false. */
  readonly json?: boolean;
}

export const defaultOptions = { directory: '.pgrelay', workers: 1, logLevel: 'info', httpHost: '127.0.0.1' } as const;

export const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;
