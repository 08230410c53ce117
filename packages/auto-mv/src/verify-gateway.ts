import type { Queryable } from '@pgrelay/relay-core';
import type { VerificationOptions } from './verification-options.js';

type Limits = Required<VerificationOptions>;

/** A view that is ours to compare. */
export interface VerifyClaim {
  readonly mvId: string;
  readonly epoch: string;
  readonly pid: number;
}

/** What the first statement of a comparison's transaction says. */
export interface VerifyPlan {
  /** `compare`, or why there is nothing to compare. */
  readonly outcome: string;
  readonly reason: string | null;
  readonly asOf: string | null;
  readonly contentsEpoch: string | null;
  readonly basis: string | null;
  /** Each sent as a statement of its own, so that statement_timeout bounds it. */
  readonly statement: string | null;
  readonly difference: string | null;
}

/** What a comparison came to; an outcome of null: sqlstate says. */
export interface Verdict {
  readonly outcome: string | null;
  readonly reason: string | null;
  readonly sqlstate: string | null;
  readonly plan: VerifyPlan | undefined;
  readonly viewRows: string | null;
  readonly missing: string | null;
  readonly surplus: string | null;
}

/** How a verification ended, as it is written down. */
export interface Verified {
  readonly outcome: string;
  readonly reason: string | null;
  /** The id of the incident that was made. */
  readonly incident: string | null;
}

/** The functions of schema pgauto_mv that a verification calls, in the order of its life. */
export const verifyGateway = {
  /** In how many ms one may begin; null: nothing is registered. */
  async wait(db: Queryable): Promise<number | null> {
    const { rows } = await db.query<{ ms: number | null }>('select pgauto_mv.verify_wait_v1()::float8 as ms');
    return rows[0]?.ms ?? null;
  },

  async repair(db: Queryable): Promise<void> {
    await db.query('select pgauto_mv.repair_incidents_v1()');
  },

  /** Returns how many incidents went. */
  async forget(db: Queryable, days: number): Promise<number> {
    const { rows } = await db.query<{ gone: number }>('select pgauto_mv.forget_incidents_v1($1)::float8 as gone', [
      `${days} days`,
    ]);
    return rows[0]?.gone ?? 0;
  },

  async begin(db: Queryable, limits: Limits): Promise<VerifyClaim | undefined> {
    const { rows } = await db.query<VerifyClaim & { outcome: string }>(
      'select outcome, mv_id as "mvId", epoch, pid from pgauto_mv.begin_verify_v1(null, $1)',
      [`${limits.perViewTimeoutMs} ms`],
    );
    return rows[0]?.outcome === 'go' ? rows[0] : undefined;
  },

  async enter(db: Queryable, claim: VerifyClaim, limits: Limits): Promise<VerifyPlan> {
    const { rows } = await db.query<VerifyPlan>(
      `select outcome, reason, as_of::text as "asOf", contents_epoch as "contentsEpoch", basis, statement, difference
        from pgauto_mv.enter_verify_v1($1, $2, $3, $4)`,
      [claim.mvId, claim.epoch, `${limits.perViewTimeoutMs} ms`, limits.workMem],
    );
    return only(rows);
  },

  async rewritten(db: Queryable, claim: VerifyClaim): Promise<boolean> {
    const { rows } = await db.query<{ rewritten: boolean }>('select pgauto_mv.verify_rewritten_v1($1) as rewritten', [
      claim.mvId,
    ]);
    return only(rows).rewritten;
  },

  async end(db: Queryable, claim: VerifyClaim, verdict: Verdict, limits: Limits): Promise<Verified> {
    const { plan } = verdict;
    const { rows } = await db.query<Verified>(
      'select outcome, reason, incident from pgauto_mv.end_verify_v1($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)',
      [
        ...[claim.mvId, claim.epoch, verdict.outcome, verdict.reason, verdict.sqlstate],
        ...[plan?.asOf, plan?.contentsEpoch, plan?.basis, verdict.viewRows, verdict.missing, verdict.surplus],
        ...[limits.share, `${limits.everyMs} ms`],
      ],
    );
    return only(rows);
  },

  /** Whether somebody has waited for this backend as long as that. */
  async isInTheWay(db: Queryable, pid: number, patienceMs: number): Promise<boolean> {
    const { rows } = await db.query('select pid from pgauto_mv.blocked_by_verify_v1($1, $2)', [
      [pid],
      `${patienceMs} ms`,
    ]);
    return rows.length > 0;
  },
};

function only<T>(rows: readonly T[]): T {
  const [row] = rows;
  if (row === undefined) throw new Error('a function of pgauto_mv returned no row');
  return row;
}
