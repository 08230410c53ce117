import { type Queryable, sqlstateOf } from '@pgrelay/relay-core';
import type { VerificationOptions } from './verification-options.js';
import { type Verdict, type Verified, type VerifyClaim, type VerifyPlan, verifyGateway } from './verify-gateway.js';

/** Why the statement of a comparison was cancelled, if it was by us. */
export interface Interruption {
  by: 'stopping' | 'gave way' | undefined;
}

type Limits = Required<VerificationOptions>;

const nothing = { reason: null, sqlstate: null, plan: undefined, viewRows: null, missing: null, surplus: null };

/**
 * Compares a view that is ours with its query, in a REPEATABLE READ, READ ONLY transaction; and once more in a new
 * snapshot when they differ, since only what is found twice is declared. Writes down what it came to.
 * @throws when the connection is lost: then the claim is free with its backend
 */
export async function verifyView(
  client: Queryable,
  claim: VerifyClaim,
  limits: Limits,
  interruption: Interruption,
): Promise<Verified> {
  let verdict = await compare(client, claim, limits, interruption);
  if (verdict.outcome === 'differs') {
    const second = await compare(client, claim, limits, interruption);
    const told = second.outcome === null || second.outcome === 'differs' || second.outcome === 'equal';
    verdict = told ? second : { ...second, outcome: 'unconfirmed' };
  }
  return verifyGateway.end(client, claim, verdict, limits);
}

async function compare(
  client: Queryable,
  claim: VerifyClaim,
  limits: Limits,
  interruption: Interruption,
): Promise<Verdict> {
  let plan: VerifyPlan | undefined;
  try {
    await client.query('begin isolation level repeatable read, read only');
    plan = await verifyGateway.enter(client, claim, limits);
    const verdict = await judge(client, claim, plan);
    await client.query('rollback');
    return verdict;
  } catch (error) {
    const sqlstate = sqlstateOf(error);
    await client.query('rollback'); // throws when the connection is lost; else even class 08 is the query's
    if (sqlstate === undefined) throw error;
    if (sqlstate !== '57014' || interruption.by === undefined) return { ...nothing, outcome: null, sqlstate, plan };
    const reason = interruption.by === 'stopping' ? 'the Processor stopped' : 'others waited for what it read';
    return { ...nothing, outcome: 'gave way', reason, plan };
  }
}

async function judge(client: Queryable, claim: VerifyClaim, plan: VerifyPlan): Promise<Verdict> {
  if (plan.statement === null || plan.difference === null) {
    return { ...nothing, outcome: plan.outcome, reason: plan.reason, plan };
  }
  const sums = await client.query<{ equal: boolean; view_rows: string }>(plan.statement);
  const viewRows = sums.rows[0]?.view_rows ?? null;
  let difference = { missing: '0', surplus: '0' };
  if (sums.rows[0]?.equal !== true) {
    const { rows } = await client.query<typeof difference>(plan.difference);
    difference = rows[0] ?? difference;
  }
  if (await verifyGateway.rewritten(client, claim)) {
    return { ...nothing, outcome: 'rewritten', reason: 'what was compared was rewritten meanwhile', plan };
  }
  const equal = difference.missing === '0' && difference.surplus === '0';
  return { outcome: equal ? 'equal' : 'differs', reason: null, sqlstate: null, plan, viewRows, ...difference };
}
