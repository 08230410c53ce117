import type { Queryable } from '@pgrelay/relay-core';
import { type GroupClaim, type GroupPlan, groupGateway } from './group-gateway.js';
import { keepUp } from './keep-up.js';
import type { AutoMvOptions } from './options.js';
import { toRefreshFailure } from './refresh-failure.js';
import { type RefreshFailure, refreshGateway } from './refresh-gateway.js';
import type { RefreshRequest } from './refresh-request.js';
import type { Cancel, RefreshResult } from './refresh-view.js';
import type { RunningRefresh, RunningRefreshes } from './running-refreshes.js';

/**
 * Refreshes all members of the group that a view is in: claims them all or none, then one REPEATABLE READ transaction in
 * which each is refreshed after those that it reads, all CONCURRENTLY or all plainly. Plainly, all of them are locked
 * before anything is computed (see lock_group_v1). Anything that fails leaves every member as dirty as it was; the failure
 * is that of the member whose statement it was. Called as refreshView(), whose promises it keeps.
 */
export async function refreshGroup(
  client: Queryable,
  request: RefreshRequest,
  limits: Required<AutoMvOptions>,
  signal: AbortSignal,
  cancel: Cancel,
  running: RunningRefreshes,
): Promise<RefreshResult> {
  const claim = await groupGateway.begin(client, request, limits);
  if (claim.outcome !== 'go') return { kind: 'skipped', reason: claim.outcome, retryMs: claim.retryMs };

  const onAbort = () => void cancel(claim.pid).catch(() => undefined);
  signal.addEventListener('abort', onAbort, { once: true });
  const self = running.enter(claim.pid);
  try {
    const result = await inTransaction(client, request, claim, limits, signal, self);
    if (result.kind === 'done') {
      for (const mvId of claim.members) if (!signal.aborted) await keepUp(client, { ...request, mvId }, limits);
    }
    return result;
  } finally {
    running.leave(claim.pid);
    signal.removeEventListener('abort', onAbort);
  }
}

async function inTransaction(
  client: Queryable,
  request: RefreshRequest,
  claim: GroupClaim,
  limits: Required<AutoMvOptions>,
  signal: AbortSignal,
  self: RunningRefresh,
): Promise<RefreshResult> {
  let plan: GroupPlan | undefined;
  let member: string | undefined; // the one at work, to blame
  try {
    for (const mvId of claim.members) {
      signal.throwIfAborted();
      member = mvId;
      await refreshGateway.prepare(client, { ...request, mvId });
    }
    member = undefined;
    await client.query('begin isolation level repeatable read');
    plan = await groupGateway.enter(client, claim, limits);
    if (plan.mode === 'plain') {
      const busy = await groupGateway.lock(client, plan);
      if (busy !== null) {
        member = claim.members[plan.views.indexOf(busy)];
        throw new GroupLocked();
      }
    }
    for (const mvId of claim.members) {
      member = mvId;
      const statement = await groupGateway.enterMember(client, mvId, plan, limits);
      signal.throwIfAborted();
      await client.query(statement);
    }
    member = undefined;
    await groupGateway.finish(client, request, claim, plan);
    await client.query('commit');
    return { kind: 'done', mode: plan.mode, reason: plan.reason };
  } catch (error) {
    await client.query('rollback'); // throws when the connection is lost
    if (signal.aborted) {
      await groupGateway.release(client, request, claim, 'the Processor is stopping');
      return { kind: 'released', reason: 'stopping' };
    }
    const failure: RefreshFailure = toRefreshFailure(error, self);
    const retryMs = await groupGateway.fail(client, request, claim, member, plan?.mode, failure);
    return { kind: 'failed', sqlstate: failure.sqlstate, retryMs };
  }
}

/** Readers kept one of the views from being locked together with the others. */
class GroupLocked extends Error {
  readonly code = '55P03';

  constructor() {
    super('the views of the group could not be locked together');
  }
}
