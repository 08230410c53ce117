import { isConnectionLoss, type Queryable } from '@pgrelay/relay-core';
import { keepUp } from './keep-up.js';
import type { AutoMvOptions } from './options.js';
import { toRefreshFailure } from './refresh-failure.js';
import { type Claim, type RefreshPlan, refreshGateway } from './refresh-gateway.js';
import { refreshGroup } from './refresh-group.js';
import type { RefreshRequest } from './refresh-request.js';
import { type RunningRefresh, RunningRefreshes } from './running-refreshes.js';

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
 * Refreshes one view, or the group that it is in: claim, then one REPEATABLE READ transaction whose first statement records its snapshot and whose
 * last writes the audit row; then VACUUM or ANALYZE when due. Anything that fails leaves the view as dirty as it was. When
 * `signal` is aborted the statement that runs is cancelled and the claim given back, with no failure counted. When
 * `client` is lost the claim is free with its backend, and no failure is counted either. While it runs it is one of
 * `running`, by which it can be told to give way.
 */
export async function refreshView(
  client: Queryable,
  request: RefreshRequest,
  limits: Required<AutoMvOptions>,
  signal: AbortSignal,
  cancel: Cancel,
  running: RunningRefreshes = new RunningRefreshes(),
): Promise<RefreshResult> {
  try {
    return await claimAndRefresh(client, request, limits, signal, cancel, running);
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
  running: RunningRefreshes,
): Promise<RefreshResult> {
  if (signal.aborted) return { kind: 'released', reason: 'stopping' };
  const claim = await refreshGateway.begin(client, request, limits);
  if (claim.outcome === 'group') return refreshGroup(client, request, limits, signal, cancel, running);
  if (claim.outcome !== 'go') return { kind: 'skipped', reason: claim.outcome, retryMs: claim.retryMs };

  const onAbort = () => void cancel(claim.pid).catch(() => undefined);
  signal.addEventListener('abort', onAbort, { once: true });
  const self = running.enter(claim.pid);
  try {
    const result = await inTransaction(client, request, claim, limits, signal, self);
    if (result.kind === 'done' && !signal.aborted) await keepUp(client, request, limits);
    return result;
  } finally {
    running.leave(claim.pid);
    signal.removeEventListener('abort', onAbort);
  }
}

async function inTransaction(
  client: Queryable,
  request: RefreshRequest,
  claim: Claim,
  limits: Required<AutoMvOptions>,
  signal: AbortSignal,
  self: RunningRefresh,
): Promise<RefreshResult> {
  let plan: RefreshPlan | undefined;
  try {
    signal.throwIfAborted();
    await refreshGateway.prepare(client, request);
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
    const failure = toRefreshFailure(error, self);
    const retryMs = await refreshGateway.fail(client, request, claim, plan?.mode, failure);
    return { kind: 'failed', sqlstate: failure.sqlstate, retryMs };
  }
}
