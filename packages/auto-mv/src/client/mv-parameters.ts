import { RelayError } from '@pgrelay/relay-core';
import { isMvName, type MvName, toSql } from './mv-name.js';
import type { AlterMvOptions, MvEvent, MvSettings, MvWatch } from './mv-settings.js';

/** A parameter of a function of schema pgauto_mv, without its p_, with the value to send. */
export interface MvParameter {
  readonly name: string;
  readonly value: unknown;
  readonly cast: string;
}

/** The watches as two arrays of equal length: tables, and events as mv_watch() takes them. */
export interface MvWatches {
  readonly tables: readonly string[];
  readonly events: readonly string[];
}

/** What the options of one call come to. */
export interface MvArguments {
  readonly parameters: readonly MvParameter[];
  /** undefined: none given; null: those of the query. */
  readonly watches: MvWatches | null | undefined;
  /** Settings whose default is asked for by null. */
  readonly reset: readonly string[];
}

interface Kind {
  readonly parameter: string;
  readonly cast: string;
  readonly what: string;
  readonly fits: (value: unknown) => boolean;
  readonly write?: (value: unknown) => unknown;
}

const YEAR = 31_536_000;
const within = (value: unknown, least: number, most: number): boolean =>
  typeof value === 'number' && value >= least && value <= most;
const seconds = (parameter: string): Kind => ({
  parameter,
  cast: 'numeric',
  what: 'a number of seconds from 0 to a year',
  fits: (value) => within(value, 0, YEAR),
});
const milliseconds = (parameter: string, least: number): Kind => ({
  parameter,
  cast: 'interval',
  what: `a whole number of ms from ${least} to a year`,
  fits: (value) => Number.isInteger(value) && within(value, least, YEAR * 1000),
  write: (value) => `${String(value)} ms`,
});
const text = (parameter: string): Kind => ({
  parameter,
  cast: 'text',
  what: 'a text that is not empty and has no NUL character',
  fits: (value) => typeof value === 'string' && value.trim() !== '' && !value.includes('\0'),
});

const kinds: Readonly<Record<keyof MvSettings, Kind>> = {
  refreshLag: seconds('refresh_lag'),
  maxWait: seconds('max_wait'),
  cooldown: seconds('cooldown'),
  statementTimeoutMs: milliseconds('statement_timeout', 0),
  lockTimeoutMs: milliseconds('lock_timeout', 0),
  workMem: text('work_mem'),
  schedule: text('schedule'),
  safetyRefreshMs: milliseconds('safety_refresh', 1000),
  fireOnReplica: {
    parameter: 'fire_on_replica',
    cast: 'boolean',
    what: 'true or false',
    fits: (value) => typeof value === 'boolean',
  },
  channel: text('channel'),
  targetLagMs: milliseconds('target_lag', 100),
  cpuShare: {
    parameter: 'cpu_share',
    cast: 'numeric',
    what: 'a number from 0.001 to 1',
    fits: (value) => within(value, 0.001, 1),
  },
  chain: {
    parameter: 'chain',
    cast: 'regclass[]',
    what: 'a list of names of views',
    fits: (value) => Array.isArray(value) && value.every(isMvName),
    write: (value) => (value as readonly MvName[]).map(toSql),
  },
};

const events: ReadonlySet<unknown> = new Set<MvEvent>(['INSERT', 'UPDATE', 'DELETE', 'TRUNCATE']);

/**
 * Checks the options of a call and translates them.
 * @throws RelayError AUTO_MV_ARGUMENT_INVALID for an unknown option or a value that cannot work
 */
export function toArguments(options: AlterMvOptions, mayReset: boolean): MvArguments {
  if (typeof options !== 'object' || options === null) {
    throw invalid('options', options, 'It is an object.');
  }
  const parameters: MvParameter[] = [];
  const reset: string[] = [];
  let watches: MvWatches | null | undefined;
  for (const [option, value] of Object.entries(options)) {
    if (value === undefined) continue;
    if (value === null && !mayReset) throw invalid(option, value, 'Leave it away to have the default.');
    if (option === 'watchTables') {
      if (value === null) reset.push('watch_tables');
      watches = value === null ? null : toWatches(value);
      continue;
    }
    if (!Object.hasOwn(kinds, option)) {
      throw invalid(option, value, `Options are watchTables, ${Object.keys(kinds).join(', ')}.`);
    }
    const kind = kinds[option as keyof MvSettings];
    if (value === null) reset.push(kind.parameter);
    else if (!kind.fits(value)) throw invalid(option, value, `It is ${kind.what}.`);
    else parameters.push({ name: kind.parameter, value: kind.write?.(value) ?? value, cast: kind.cast });
  }
  return { parameters, watches, reset };
}

function toWatches(given: unknown): MvWatches {
  if (!Array.isArray(given)) throw invalid('watchTables', given, "For example [{ table: 'shop.orders' }].");
  const list = given as readonly (Partial<MvWatch> | null | undefined)[];
  for (const watch of list) {
    if (typeof watch?.table !== 'string' || watch.table.includes('\0')) {
      throw invalid('watchTables', watch, 'Each has a table: its name as SQL would read it.');
    }
    const { events: some } = watch;
    if (some !== undefined && !(Array.isArray(some) && some.length > 0 && some.every((event) => events.has(event)))) {
      throw invalid('watchTables', some, `Events are a list of ${[...events].join(', ')}.`);
    }
  }
  const watches = list as readonly MvWatch[];
  return {
    tables: watches.map(({ table }) => table),
    events: watches.map((watch) => (watch.events ?? [...events]).join(',')),
  };
}

/** What every function of the client throws for an argument that cannot work. */
export function invalid(name: string, value: unknown, hint: string): RelayError {
  return new RelayError('AUTO_MV_ARGUMENT_INVALID', `${name} is ${describe(value)}`, { hint });
}

function describe(value: unknown): string {
  if (typeof value === 'number') return String(value);
  try {
    return JSON.stringify(value) ?? String(value);
  } catch {
    return `a ${typeof value}`; // a bigint, or an object that refers to itself
  }
}
