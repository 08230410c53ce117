import { type Queryable, RelayError } from '@pgrelay/relay-core';
import pg from 'pg';
import { waitUntilFresh } from '../wait-until-fresh.js';
import { toMvError } from './mv-errors.js';
import type { MvAction, MvFact, MvSimulation, MvTimes } from './mv-explain.js';
import { type MvFreshness, toFreshness } from './mv-freshness.js';
import { type MvProblem, mvGateway } from './mv-gateway.js';
import {
  type AlterMvGroupOptions,
  checkGroupName,
  type MvGroup,
  type MvGroupOptions,
  toGroupArguments,
} from './mv-groups.js';
import type { MvIncident } from './mv-incidents.js';
import { isMvName, type MvName, toSql } from './mv-name.js';
import { invalid, toArguments } from './mv-parameters.js';
import type { AlterMvOptions, RegisterMvOptions } from './mv-settings.js';

/**
 * Registers materialized views and asks how fresh they are: the functions of schema pgauto_mv, typed. Arguments are
 * checked before anything is sent (AUTO_MV_ARGUMENT_INVALID). Over a client with an open transaction, every call is part
 * of it. Registering needs the role pgrelay_admin, asking pgrelay_producer, freshness and problems pgrelay_viewer.
 */
export interface MvClient {
  /**
   * Keeps a view fresh from now on; returns the registration's id. A table that is busy is left to the Processors: until
   * then `freshness().installing` is true.
   * @throws RelayError AUTO_MV_VIEW_UNKNOWN, AUTO_MV_VIEW_KIND, AUTO_MV_VIEW_REGISTERED, AUTO_MV_TABLE_UNKNOWN,
   * AUTO_MV_TABLE_UNWATCHABLE, AUTO_MV_TRIGGER_NOT_ALLOWED, AUTO_MV_REFRESH_NOT_ALLOWED, AUTO_MV_SETTING_INVALID,
   * AUTO_MV_TIMES_CONFLICT (times beside a target), AUTO_MV_LOCKED, AUTO_MV_CHAIN_CYCLE, AUTO_MV_VIEW_NOT_REGISTERED (of chain), RELAY_CHANNEL_UNKNOWN
   */
  registerMv(view: MvName, options?: RegisterMvOptions): Promise<string>;
  /**
   * Changes how a view is kept fresh, without a gap.
   * @throws RelayError AUTO_MV_VIEW_NOT_REGISTERED, and as registerMv()
   */
  alterMv(view: MvName, changes: AlterMvOptions): Promise<void>;
  /** Takes the triggers off; the view stays. @throws RelayError AUTO_MV_VIEW_NOT_REGISTERED, AUTO_MV_LOCKED, AUTO_MV_TRIGGER_NOT_ALLOWED */
  unregisterMv(view: MvName): Promise<void>;
  /** Changes are captured, but nothing refreshes the view except refreshNow(). @throws RelayError AUTO_MV_VIEW_NOT_REGISTERED */
  pauseMv(view: MvName): Promise<void>;
  /** @throws RelayError AUTO_MV_VIEW_NOT_REGISTERED */
  resumeMv(view: MvName): Promise<void>;
  /**
   * Asks for a refresh that minds neither lag nor cooldown nor a pause; returns the id of its event. It shows what the
   * caller's transaction wrote.
   * @throws RelayError AUTO_MV_VIEW_NOT_REGISTERED, AUTO_MV_NO_PROCESSOR
   */
  refreshNow(view: MvName): Promise<string>;
  /** @throws RelayError AUTO_MV_VIEW_NOT_REGISTERED */
  freshness(view: MvName): Promise<MvFreshness>;
  /**
   * Whether the contents hold what a transaction did.
   * @param token its pg_current_xact_id()
   * @throws RelayError AUTO_MV_VIEW_NOT_REGISTERED
   */
  isFresh(view: MvName, token: string | bigint): Promise<boolean>;
  /**
   * Waits until the contents hold what a transaction did, and asks for the refresh; returns whether they do. After the
   * commit. Over a connectionString it waits for the hint of the refresh; over your client or pool the server waits, on a
   * connection that is in no transaction and busy meanwhile.
   * @param options timeoutMs: how long at most, 0 to a day. Default: 30,000.
   * @throws RelayError AUTO_MV_VIEW_NOT_REGISTERED, AUTO_MV_ISOLATION_INVALID, AUTO_MV_TOKEN_OPEN
   */
  waitUntilFresh(view: MvName, token: string | bigint, options?: { readonly timeoutMs?: number }): Promise<boolean>;
  /**
   * Before a bulk load into a table: its triggers are off, and its views count as dirty and wait, until ungateSource().
   * @throws RelayError AUTO_MV_SOURCE_UNWATCHED, AUTO_MV_SOURCE_GATED, AUTO_MV_LOCKED, AUTO_MV_TRIGGER_NOT_ALLOWED
   */
  gateSource(table: MvName): Promise<void>;
  /**
   * After the load: the triggers are on again, and the views are refreshed.
   * @throws RelayError AUTO_MV_SOURCE_NOT_GATED, AUTO_MV_LOCKED, AUTO_MV_TRIGGER_NOT_ALLOWED
   */
  ungateSource(table: MvName): Promise<void>;
  /**
   * From now on these views are refreshed together, in one transaction, so that they show one instant; returns the group's id.
   * @throws RelayError AUTO_MV_VIEW_NOT_REGISTERED, AUTO_MV_GROUP_NAME, AUTO_MV_GROUP_MEMBER, AUTO_MV_GROUP_SIZE,
   * AUTO_MV_GROUP_MIXED, AUTO_MV_CHAIN_CYCLE, AUTO_MV_REFRESH_NOT_ALLOWED, AUTO_MV_LOCKED
   */
  createGroup(name: string, views: readonly MvName[], options?: MvGroupOptions): Promise<string>;
  /** @throws RelayError AUTO_MV_GROUP_UNKNOWN, and as createGroup() */
  alterGroup(name: string, changes: AlterMvGroupOptions): Promise<void>;
  /** Its members are refreshed each by itself again. @throws RelayError AUTO_MV_GROUP_UNKNOWN, AUTO_MV_LOCKED */
  dropGroup(name: string): Promise<void>;
  /** All groups: as of when their contents are, what they cost, what is in the way. */
  groups(): Promise<readonly MvGroup[]>;
  /** What it reads and watches, when it is refreshed next and why, and what would be better. @throws RelayError AUTO_MV_VIEW_NOT_REGISTERED */
  explainMv(view: MvName): Promise<readonly MvFact[]>;
  /**
   * Replays the recorded changes of a view with other times, or those that a target would give it.
   * @throws RelayError AUTO_MV_VIEW_NOT_REGISTERED, AUTO_MV_TIME_INVALID, AUTO_MV_TIMES_CONFLICT
   */
  simulateMv(view: MvName, times?: MvTimes): Promise<MvSimulation>;
  /** Follows what was renamed, or dropped and made again. @throws RelayError AUTO_MV_LOCKED */
  syncMv(): Promise<readonly MvAction[]>;
  /** syncMv(), and puts the triggers right. @throws RelayError AUTO_MV_LOCKED, AUTO_MV_TRIGGER_NOT_ALLOWED */
  cleanMv(): Promise<readonly MvAction[]>;
  /**
   * Compares a view with its query now, and returns what came of it: `equal`, `differs` (then it is an incident, and is
   * refreshed), or why nothing can be told, such as `dirty`; freshness() has the reason. Not over a client with an open
   * transaction; needs the role pgrelay_processor.
   * @throws RelayError AUTO_MV_VIEW_NOT_REGISTERED
   */
  verify(view: MvName): Promise<string>;
  /** Contents that were found not to be what the query gives, oldest first. */
  incidents(): Promise<readonly MvIncident[]>;
  /** What stands in the way of fresh views. */
  getMvProblems(): Promise<readonly MvProblem[]>;
  /** Ends the connections that the client opened itself. */
  close(): Promise<void>;
}

/** Makes a client over a connection string (it then has a pool of its own) or over your pg pool or client. */
export function createMvClient(options: { readonly connectionString: string } | { readonly db: Queryable }): MvClient {
  const pool =
    'connectionString' in options
      ? new pg.Pool({ connectionString: options.connectionString, application_name: 'pgrelay client', max: 4 })
      : undefined;
  pool?.on('error', () => undefined); // an idle connection was lost; the next call opens another
  const db = 'db' in options ? options.db : (pool as Queryable);
  return {
    registerMv: async (view, given = {}) => mvGateway.register(db, checkName(view), toArguments(given, false)),
    alterMv: async (view, changes) => mvGateway.alter(db, checkName(view), toArguments(changes, true)),
    unregisterMv: async (view) => void (await mvGateway.onView(db, 'unregister_mv', checkName(view))),
    pauseMv: async (view) => void (await mvGateway.onView(db, 'pause_mv', checkName(view))),
    resumeMv: async (view) => void (await mvGateway.onView(db, 'resume_mv', checkName(view))),
    refreshNow: async (view) => mvGateway.onView(db, 'refresh_materialized_view_now', checkName(view)),
    freshness: async (view) => {
      const row = await mvGateway.freshness(db, checkName(view));
      if (row !== undefined) return toFreshness(row);
      throw new RelayError('AUTO_MV_VIEW_NOT_REGISTERED', `view ${toSql(view)} is not registered`, {
        hint: 'Register it with registerMv().',
      });
    },
    isFresh: async (view, token) => mvGateway.isFresh(db, checkName(view), checkToken(token)),
    waitUntilFresh: async (view, token, { timeoutMs = 30_000 } = {}) => {
      const asked = [checkName(view), checkToken(token), checkTimeout(timeoutMs)] as const;
      return pool === undefined ? mvGateway.waitUntilFresh(db, ...asked) : waitOnHint(pool, ...asked);
    },
    gateSource: async (table) => mvGateway.onSource(db, 'gate_source', checkName(table)),
    ungateSource: async (table) => mvGateway.onSource(db, 'ungate_source', checkName(table)),
    createGroup: async (name, views, options = {}) =>
      mvGateway.createGroup(db, checkGroupName(name), toGroupArguments({ ...options, views })),
    alterGroup: async (name, changes) => mvGateway.alterGroup(db, checkGroupName(name), toGroupArguments(changes)),
    dropGroup: async (name) => mvGateway.dropGroup(db, checkGroupName(name)),
    groups: async () => mvGateway.groups(db),
    explainMv: async (view) => mvGateway.explain(db, checkName(view)),
    simulateMv: async (view, times = {}) => {
      const { refreshLag, maxWait, cooldown, targetLagMs, cpuShare, windowMs = 86_400_000 } = times;
      const seconds = [refreshLag, maxWait, cooldown].map((value) =>
        value === undefined ? null : checkSeconds(value),
      );
      return mvGateway.simulate(
        db,
        checkName(view),
        seconds,
        `${checkTimeout(windowMs, 'windowMs', 31_536_000_000)} ms`,
        [
          targetLagMs === undefined ? null : `${checkTimeout(targetLagMs, 'targetLagMs', 31_536_000_000)} ms`,
          cpuShare === undefined ? null : checkShare(cpuShare),
        ],
      );
    },
    syncMv: async () => mvGateway.actions(db, 'sync_mv'),
    cleanMv: async () => mvGateway.actions(db, 'clean_mv'),
    verify: async (view) => mvGateway.verify(db, checkName(view)),
    incidents: async () => mvGateway.incidents(db),
    getMvProblems: async () => mvGateway.problems(db),
    close: async () => pool?.end(),
  };
}

/** A connection of the pool listens meanwhile, and hears nothing more when it goes back. */
async function waitOnHint(pool: pg.Pool, view: MvName, token: string, timeoutMs: number): Promise<boolean> {
  const client = await pool.connect();
  try {
    return await waitUntilFresh(client, toSql(view), token, { timeoutMs });
  } catch (error) {
    throw toMvError(error);
  } finally {
    await mvGateway.unlisten(client).then(
      () => client.release(),
      () => client.release(true),
    );
  }
}

function checkName(view: MvName): MvName {
  if (isMvName(view)) return view;
  throw invalid('the view', view, "Give its name as SQL would read it, or { schema: 'reporting', name: 'daily' }.");
}

function checkToken(token: string | bigint): string {
  const text = typeof token === 'bigint' ? token.toString() : token;
  if (typeof text === 'string' && /^\d{1,20}$/.test(text)) return text;
  throw invalid('the token', token, 'It is pg_current_xact_id() of the transaction that wrote, as a text or bigint.');
}

function checkTimeout(timeoutMs: number, name = 'timeoutMs', most = 86_400_000): number {
  if (typeof timeoutMs === 'number' && timeoutMs >= 0 && timeoutMs <= most) return Math.round(timeoutMs);
  throw invalid(name, timeoutMs, `It is a number of ms from 0 to ${most}.`);
}

function checkShare(share: number): number {
  if (typeof share === 'number' && share >= 0.001 && share <= 1) return share;
  throw invalid('cpuShare', share, 'It is a number from 0.001 to 1.');
}

function checkSeconds(seconds: number): number {
  if (typeof seconds === 'number' && seconds >= 0 && seconds <= 31_536_000) return seconds;
  throw invalid('a time', seconds, 'It is a number of seconds from 0 to a year.');
}
