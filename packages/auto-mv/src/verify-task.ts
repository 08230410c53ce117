import { isConnectionLoss, type PeriodicTask, type PluginHost, type TaskContext } from '@pgrelay/relay-core';
import { refreshGateway } from './refresh-gateway.js';
import type { VerificationOptions } from './verification-options.js';
import { type Verified, type VerifyClaim, verifyGateway } from './verify-gateway.js';
import { type Interruption, verifyView } from './verify-view.js';

type Limits = Required<VerificationOptions>;

/** How often to look whether others wait for a comparison, in ms. */
const LOOK_FOR_WAITERS_MS = 150;

/**
 * Compares one view after the other with its query, on a connection of its own, as far as the budget goes; sees to it that
 * what was found wrong is refreshed. The first look comes after a while, when the Processor has begun to work.
 */
export function verifyTask(host: PluginHost, limits: Limits, giveWayAfterMs: number): PeriodicTask {
  let begun = false;
  return {
    name: 'auto-mv verify',
    everyMs: limits.lookEveryMs,
    async run(context) {
      const { control, log } = context;
      if (!begun) {
        begun = true;
        return limits.lookEveryMs;
      }
      const gone = await verifyGateway.forget(control, limits.keepIncidentsDays);
      if (gone > 0) log.info({ incidents: gone, days: limits.keepIncidentsDays }, 'old incidents were removed');
      await verifyGateway.repair(control);
      if (limits.share === 0) return limits.lookEveryMs;
      const wait = await verifyGateway.wait(control);
      if (wait !== 0) return Math.min(wait ?? limits.lookEveryMs, limits.lookEveryMs);
      const verified = await onConnection(host, context, limits, giveWayAfterMs);
      return verified ? 0 : limits.lookEveryMs;
    },
  };
}

/** Whether there was a view to compare. */
async function onConnection(
  host: PluginHost,
  context: TaskContext,
  limits: Limits,
  giveWayAfterMs: number,
): Promise<boolean> {
  const client = await host.connect('verify').catch((error: unknown) => {
    if (isConnectionLoss(error)) return undefined;
    throw error;
  });
  if (client === undefined) return false;
  try {
    const claim = await verifyGateway.begin(client, limits);
    if (claim === undefined) return false;
    const began = performance.now();
    const interruption: Interruption = { by: undefined };
    const cancel = async (by: NonNullable<Interruption['by']>): Promise<void> => {
      interruption.by = by;
      await refreshGateway.cancel(context.control, claim.pid).catch(() => undefined);
    };
    const onAbort = () => void cancel('stopping');
    context.signal.addEventListener('abort', onAbort, { once: true });
    const watch = setInterval(() => {
      verifyGateway
        .isInTheWay(context.control, claim.pid, giveWayAfterMs)
        .then((inTheWay) => (inTheWay ? cancel('gave way') : undefined))
        .catch(() => undefined);
    }, LOOK_FOR_WAITERS_MS);
    try {
      const verified = await verifyView(client, claim, limits, interruption);
      report(host, context, claim, verified, performance.now() - began);
    } finally {
      clearInterval(watch);
      context.signal.removeEventListener('abort', onAbort);
    }
    return true;
  } finally {
    await client.end().catch(() => undefined);
  }
}

function report(host: PluginHost, { log }: TaskContext, claim: VerifyClaim, verified: Verified, ms: number): void {
  const { outcome, incident } = verified;
  const fields = { mv: claim.mvId, outcome, reason: verified.reason, incident, ms: Math.round(ms) };
  if (incident !== null) log.error(fields, 'the contents of a view were not what its query gives; it is refreshed');
  else log.debug(fields, 'view verified');
  host.hooks.tell('view.verified', { mv: claim.mvId, outcome, incident, ms });
}
