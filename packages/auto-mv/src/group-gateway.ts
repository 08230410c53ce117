import type { Queryable } from '@pgrelay/relay-core';
import type { AutoMvOptions } from './options.js';
import type { Claim, RefreshFailure, RefreshPlan } from './refresh-gateway.js';
import type { RefreshRequest } from './refresh-request.js';

/** The claims of all members of a group, or why there is nothing to do now. */
export interface GroupClaim {
  readonly outcome: Claim['outcome'];
  readonly pid: number;
  readonly retryMs: number | null;
  /** The ids of the registrations, in the order in which they are refreshed. */
  readonly members: readonly string[];
  /** The fence of each. */
  readonly epochs: readonly string[];
}

/** How all members are refreshed, the same way. */
export interface GroupPlan {
  readonly mode: RefreshPlan['mode'];
  /** Why it is not CONCURRENTLY. */
  readonly reason: string | null;
  /** The oids of the views, in the order of the members. */
  readonly views: readonly string[];
  /** How long the lock on all of them may take, as an interval. */
  readonly lockTimeout: string;
}

type Limits = Required<AutoMvOptions>;

/** The functions of schema pgauto_mv that the refresh of a group calls, in the order of its life. */
export const groupGateway = {
  async begin(db: Queryable, request: RefreshRequest, limits: Limits): Promise<GroupClaim> {
    const { rows } = await db.query<GroupClaim>(
      `select outcome, pid, retry_ms::float8 as "retryMs", members::text[] as members, epochs::text[] as epochs
        from pgauto_mv.begin_group_refresh_v1($1, $2, $3, $4)`,
      [request.mvId, request.source, request.token, ms(limits.statementTimeoutMs)],
    );
    return only(rows);
  },

  async enter(db: Queryable, claim: GroupClaim, limits: Limits): Promise<GroupPlan> {
    const { rows } = await db.query<GroupPlan>(
      `select mode, reason, views::text[] as views, lock_timeout::text as "lockTimeout"
        from pgauto_mv.enter_group_refresh_v1($1, $2, $3, $4)`,
      [claim.members, claim.epochs, ms(limits.statementTimeoutMs), ms(limits.plainLockTimeoutMs)],
    );
    return only(rows);
  },

  /** Returns the view that could not be had, null when all are locked. */
  async lock(db: Queryable, plan: GroupPlan): Promise<string | null> {
    const { rows } = await db.query<{ busy: string | null }>('select pgauto_mv.lock_group_v1($1, $2)::text as busy', [
      plan.views,
      plan.lockTimeout,
    ]);
    return only(rows).busy;
  },

  /** Returns the REFRESH of a member, to be sent as a statement of its own. */
  async enterMember(db: Queryable, member: string, plan: GroupPlan, limits: Limits): Promise<string> {
    const { rows } = await db.query<{ statement: string }>(
      'select pgauto_mv.enter_member_v1($1, $2, $3, $4) as statement',
      [
        member,
        plan.mode,
        ms(limits.statementTimeoutMs),
        ms(plan.mode === 'plain' ? limits.plainLockTimeoutMs : limits.lockTimeoutMs),
      ],
    );
    return only(rows).statement;
  },

  async finish(db: Queryable, request: RefreshRequest, claim: GroupClaim, plan: GroupPlan): Promise<void> {
    await db.query('select pgauto_mv.finish_group_refresh_v1($1, $2, $3, $4, $5)', [
      claim.members,
      claim.epochs,
      request.source,
      plan.mode,
      plan.reason,
    ]);
  },

  /** Returns the pause before the next try in ms, null when waiting alone does not help. */
  async fail(
    db: Queryable,
    request: RefreshRequest,
    claim: GroupClaim,
    culprit: string | undefined,
    mode: GroupPlan['mode'] | undefined,
    failure: RefreshFailure,
  ): Promise<number | null> {
    const { rows } = await db.query<{ retryMs: number | null }>(
      'select pgauto_mv.fail_group_refresh_v1($1, $2, $3, $4, $5, $6, $7, $8, $9)::float8 as "retryMs"',
      [
        claim.members,
        claim.epochs,
        request.source,
        culprit,
        mode,
        failure.sqlstate,
        failure.message,
        failure.detail,
        failure.hint,
      ],
    );
    return only(rows).retryMs;
  },

  async release(db: Queryable, request: RefreshRequest, claim: GroupClaim, reason: string): Promise<void> {
    await db.query('select pgauto_mv.release_group_refresh_v1($1, $2, $3, $4)', [
      claim.members,
      claim.epochs,
      request.source,
      reason,
    ]);
  },
};

const ms = (value: number): string => `${value} ms`;

function only<T>(rows: readonly T[]): T {
  const [row] = rows;
  if (row === undefined) throw new Error('a function of pgauto_mv returned no row');
  return row;
}
