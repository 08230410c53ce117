import type { Queryable } from '@pgrelay/relay-core';
import type { AutoMvOptions } from './options.js';
import type { RefreshRequest } from './refresh-request.js';

export interface Claim {
  /** `go`, or why there is nothing to do now. */
  readonly outcome:
    | 'go'
    | 'gone'
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
