import { isConnectionLoss, type Queryable } from '@pgrelay/relay-core';
import type { AutoMvOptions } from './options.js';
import { type Claim, type RefreshFailure, type RefreshPlan, refreshGateway } from './refresh-gateway.js';
import type { RefreshRequest } from './refresh-request.js';

/** What became of a request. */
export type RefreshResult =
  | { readonly kind: 'done'; readonly mode: RefreshPlan['mode']; readonly reason: string | null }
  | { readonly kind: 'skipped'; readonly reason: string; readonly retryMs: number | null }
  | { readonly kind: 'failed'; readonly sqlstate: string | undefined; readonly retryMs: number | null }
  | { readonly kind: 'released'; readonly reason: 'stopping' | 'connection lost' };

/** The Processor's own connection was lost, or the server takes none: that says nothing about the view. */
export const lostConnection: RefreshResult = { kind: 'released', reason: 'connection lost' };

/** Opens a second connection that cancels the statement of the first. */
export type Cancel = (pid: number) => Promise<void>;

/**
 * Refreshes one view: claim, then one REPEATABLE READ transaction whose first statement records its snapshot and whose
 * last writes the audit row. Anything that fails leaves the view as dirty as it was. When `signal` is aborted the
 * statement that runs is cancelled and the claim given back, with no failure counted. When `client` is lost the claim is
 * free with its backend, and no failure is counted either.
 */
export async function refreshView(
  client: Queryable,
  request: RefreshRequest,
  limits: Required<AutoMvOptions>,
  signal: AbortSignal,
  cancel: Cancel,
): Promise<RefreshResult> {
  try {
    return await claimAndRefresh(client, request, limits, signal, cancel);
  } catch (error) {
    if (isConnectionLoss(error)) return lostConnection;
    throw error;
  }
}

async function claimAndRefresh(
  client: Queryable,
  request: RefreshRequest,
  limits: Required<AutoMvOptions>,
  signal: AbortSignal,
  cancel: Cancel,
): Promise<RefreshResult> {
  if (signal.aborted) return { kind: 'released', reason: 'stopping' };
  const claim = await refreshGateway.begin(client, request, limits);
  if (claim.outcome !== 'go') return { kind: 'skipped', reason: claim.outcome, retryMs: claim.retryMs };

  const onAbort = () => void cancel(claim.pid).catch(() => undefined);
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await inTransaction(client, request, claim, limits, signal);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

async function inTransaction(
  client: Queryable,
  request: RefreshRequest,
  claim: Claim,
  limits: Required<AutoMvOptions>,
  signal: AbortSignal,
): Promise<RefreshResult> {
  let plan: RefreshPlan | undefined;
  try {
    signal.throwIfAborted();
    await client.query('begin isolation level repeatable read');
    plan = await refreshGateway.enter(client, request, claim, limits);
    signal.throwIfAborted();
    await client.query(plan.statement);
    await refreshGateway.finish(client, request, claim, plan);
    await client.query('commit');
    return { kind: 'done', mode: plan.mode, reason: plan.reason };
  } catch (error) {
    await client.query('rollback'); // throws when the connection is lost; else even class 08 is the view's, by a foreign table
    if (signal.aborted) {
      await refreshGateway.release(client, request, claim, 'the Processor is stopping');
      return { kind: 'released', reason: 'stopping' };
    }
    const failure = toRefreshFailure(error);
    const retryMs = await refreshGateway.fail(client, request, claim, plan?.mode, failure);
    return { kind: 'failed', sqlstate: failure.sqlstate, retryMs };
  }
}

function toRefreshFailure(error: unknown): RefreshFailure {
  const fields = (error instanceof Error ? error : {}) as Partial<Record<'code' | 'detail' | 'hint', unknown>>;
  const text = (value: unknown) => (typeof value === 'string' ? value : undefined);
  return {
    sqlstate: /^[0-9A-Z]{5}$/.test(text(fields.code) ?? '') ? text(fields.code) : undefined,
    message: error instanceof Error ? error.message : String(error),
    detail: text(fields.detail),
    hint: text(fields.hint),
  };
}
