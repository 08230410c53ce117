import type { Queryable } from '@pgrelay/relay-core';
import type { AutoMvOptions } from './options.js';
import type { RefreshRequest } from './refresh-request.js';

export interface Claim {
  /** `go`, or why there is nothing to do now. */
  readonly outcome:
    | 'go'
    | 'group'
    | 'gone'
    | 'restored'
    | 'fresh'
    | 'paused'
    | 'installing'
    | 'gated'
    | 'in progress'
    | 'cooldown'
    | 'backing off';
  readonly epoch: string;
  readonly pid: number;
  readonly retryMs: number | null;
}

export interface RefreshPlan {
  /** Sent as a statement of its own, so that statement_timeout bounds it. */
  readonly statement: string;
  readonly mode: 'concurrently' | 'plain';
  /** Why it is not CONCURRENTLY. */
  readonly reason: string | null;
}

/** VACUUM or ANALYZE of a view, under a claim. */
export interface Upkeep {
  /** Sent as a statement of its own, since VACUUM takes no transaction. */
  readonly statement: string;
  readonly operation: 'VACUUM' | 'ANALYZE';
  readonly reason: string;
  readonly epoch: string;
}

/** A refresh that others wait for. */
export interface Blocking {
  readonly pid: number;
  /** The lock that is awaited, without a name of who waits. */
  readonly reason: string;
}

/** What of a database error is stored; the words only where pgrelay_admin alone may read. */
export interface RefreshFailure {
  readonly sqlstate: string | undefined;
  readonly message: string;
  readonly detail: string | undefined;
  readonly hint: string | undefined;
}

type Limits = Required<AutoMvOptions>;

/** The functions of schema pgauto_mv that a refresh calls, in the order of its life. */
export const refreshGateway = {
  async begin(db: Queryable, request: RefreshRequest, limits: Limits): Promise<Claim> {
    const { rows } = await db.query<Claim>(
      'select outcome, epoch, pid, retry_ms::float8 as "retryMs" from pgauto_mv.begin_refresh_v1($1, $2, $3, $4)',
      [request.mvId, request.source, request.token, ms(limits.statementTimeoutMs)],
    );
    return only(rows);
  },

  async prepare(db: Queryable, request: RefreshRequest): Promise<void> {
    await db.query('select pgauto_mv.prepare_refresh_v1($1, $2)', [request.mvId, request.source]);
  },

  async enter(db: Queryable, request: RefreshRequest, claim: Claim, limits: Limits): Promise<RefreshPlan> {
    const { rows } = await db.query<RefreshPlan>('select * from pgauto_mv.enter_refresh_v1($1, $2, $3, $4, $5)', [
      request.mvId,
      claim.epoch,
      ms(limits.statementTimeoutMs),
      ms(limits.lockTimeoutMs),
      ms(limits.plainLockTimeoutMs),
    ]);
    return only(rows);
  },

  async finish(db: Queryable, request: RefreshRequest, claim: Claim, plan: RefreshPlan): Promise<void> {
    await db.query('select pgauto_mv.finish_refresh_v1($1, $2, $3, $4, $5)', [
      request.mvId,
      claim.epoch,
      request.source,
      plan.mode,
      plan.reason,
    ]);
  },

  /** Returns the pause before the next try in ms, null when waiting alone does not help. */
  async fail(
    db: Queryable,
    request: RefreshRequest,
    claim: Claim,
    mode: RefreshPlan['mode'] | undefined,
    failure: RefreshFailure,
  ): Promise<number | null> {
    const { rows } = await db.query<{ retryMs: number | null }>(
      'select pgauto_mv.fail_refresh_v1($1, $2, $3, $4, $5, $6, $7, $8)::float8 as "retryMs"',
      [
        request.mvId,
        claim.epoch,
        request.source,
        mode,
        failure.sqlstate,
        failure.message,
        failure.detail,
        failure.hint,
      ],
    );
    return only(rows).retryMs;
  },

  async release(db: Queryable, request: RefreshRequest, claim: Claim, reason: string): Promise<void> {
    await db.query('select pgauto_mv.release_refresh_v1($1, $2, $3, $4)', [
      request.mvId,
      claim.epoch,
      request.source,
      reason,
    ]);
  },

  async beginUpkeep(db: Queryable, request: RefreshRequest, limits: Limits): Promise<Upkeep | undefined> {
    const { rows } = await db.query<Upkeep>('select * from pgauto_mv.begin_upkeep_v1($1, $2, $3, $4, $5)', [
      request.mvId,
      limits.vacuumPercent,
      limits.analyzePercent,
      ms(limits.statementTimeoutMs),
      ms(limits.plainLockTimeoutMs),
    ]);
    return rows[0];
  },

  async endUpkeep(db: Queryable, request: RefreshRequest, upkeep: Upkeep, sqlstate: string | undefined): Promise<void> {
    await db.query('select pgauto_mv.end_upkeep_v1($1, $2, $3, $4, $5)', [
      request.mvId,
      upkeep.epoch,
      upkeep.operation,
      upkeep.reason,
      sqlstate,
    ]);
  },

  async blocked(db: Queryable, pids: readonly number[], giveWayAfterMs: number): Promise<readonly Blocking[]> {
    const { rows } = await db.query<Blocking>('select pid, reason from pgauto_mv.blocked_by_refresh_v1($1, $2)', [
      pids,
      ms(giveWayAfterMs),
    ]);
    return rows;
  },

  async cancel(db: Queryable, pid: number): Promise<void> {
    await db.query('select pg_catalog.pg_cancel_backend($1)', [pid]);
  },
};

const ms = (value: number): string => `${value} ms`;

function only<T>(rows: readonly T[]): T {
  const [row] = rows;
  if (row === undefined) throw new Error('a function of pgauto_mv returned no row');
  return row;
}
