import {
  cancel,
  complete,
  defineHandler,
  fail,
  type HandlerContext,
  type HandlerDefinition,
  isConnectionLoss,
  type Outcome,
  type PluginHost,
  retryIn,
  snooze,
} from '@pgrelay/relay-core';
import type { AutoMvOptions } from './options.js';
import { gaveWay } from './refresh-failure.js';
import { refreshGateway } from './refresh-gateway.js';
import { type RefreshRequest, readRefreshRequest } from './refresh-request.js';
import { lostConnection, type RefreshResult, refreshView } from './refresh-view.js';
import type { RunningRefreshes } from './running-refreshes.js';

/** The channel that refreshes travel on; its events are made by the planner and by refresh_materialised_view_now(). */
export const refreshChannel = 'pgauto_mv.refresh';

/** A refresh is bounded by its own statement timeout, so the handler's is the longest a timer takes. */
const NO_TIMEOUT_MS = 2_147_483_647;

/** When a request comes back whose connection was lost: a server that takes none is not asked in a tight loop. */
const RECONNECT_MS = 1_000;

/** Refreshes views on connections of their own, as the Processor's login. */
export function refreshHandler(
  host: PluginHost,
  options: Required<AutoMvOptions>,
  running: RunningRefreshes,
): HandlerDefinition {
  return defineHandler(
    refreshChannel,
    { mode: 'leased', concurrency: options.maxConcurrentRefreshes, timeoutMs: NO_TIMEOUT_MS },
    async (event, ctx): Promise<Outcome> => {
      const request = readRefreshRequest(event.payload);
      if (request === undefined) return fail('auto_mv_payload', 'not a request made by pgauto_mv.request_refresh()');
      const result = await running.track(refreshOnConnection(host, request, options, ctx.signal, running));
      report(ctx, request, result);
      return outcomeOf(request, result);
    },
  );
}

async function refreshOnConnection(
  host: PluginHost,
  request: RefreshRequest,
  options: Required<AutoMvOptions>,
  signal: AbortSignal,
  running: RunningRefreshes,
): Promise<RefreshResult> {
  const client = await host.connect('refresh').catch((error: unknown) => {
    if (isConnectionLoss(error)) return undefined;
    throw error;
  });
  if (client === undefined) return lostConnection;
  try {
    return await refreshView(client, request, options, signal, (pid) => cancelRefresh(host, pid), running);
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** Skips that end at a known time: the planner asked a moment too early and would not ask again for a while. */
const passing: ReadonlySet<string> = new Set(['cooldown', 'backing off', 'restored']);

/**
 * What the relay is told. A refresh that failed is no failed event: the view's own state says when to try again, and the
 * planner asks anew. A released one comes back, uncounted. An explicit request has nobody else to ask for it, so it comes back by itself, and so does one that
 * came before its time.
 */
function outcomeOf(request: RefreshRequest, result: RefreshResult): Outcome {
  const explicit = request.source === 'now';
  switch (result.kind) {
    case 'done':
      return complete();
    case 'released':
      return snooze(result.reason === 'stopping' ? 0 : RECONNECT_MS);
    case 'skipped':
      return result.retryMs !== null && (explicit || passing.has(result.reason)) ? snooze(result.retryMs) : complete();
    case 'failed':
      if (explicit && result.sqlstate === gaveWay && result.retryMs !== null) return snooze(result.retryMs);
      return explicit && result.retryMs !== null ? retryIn(result.retryMs, 'refresh_failed') : cancel('refresh_failed');
  }
}

function report(ctx: HandlerContext, request: RefreshRequest, result: RefreshResult): void {
  const fields = { mv: request.mvId, source: request.source, ...result };
  if (result.kind === 'failed' && result.sqlstate === gaveWay) ctx.log.info(fields, 'refresh gave way');
  else if (result.kind === 'failed') ctx.log.warn(fields, 'refresh failed');
  else if (result === lostConnection) ctx.log.warn(fields, 'refresh lost its connection and comes back');
  else ctx.log.debug(fields, `refresh ${result.kind}`);
}

async function cancelRefresh(host: PluginHost, pid: number): Promise<void> {
  const client = await host.connect('cancel refresh');
  try {
    await refreshGateway.cancel(client, pid);
  } finally {
    await client.end().catch(() => undefined);
  }
}
