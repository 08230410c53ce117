import type { Readiness, Reason } from './readiness.js';
import type { Route, RouteReply } from './route.js';

/** What /healthz tells beside its reasons. */
export interface Vitals {
  readonly phase: string;
  readonly slot: number | undefined;
  /** `valid`, `expired`, or `none` without a slot. */
  readonly lease: 'valid' | 'expired' | 'none';
  /** The longest time in the last seconds for which the event loop did not turn, in ms. */
  readonly eventLoopBlockedMs: number;
}

export interface Health {
  readonly vitals: Vitals;
  /** What a restart would mend; empty: healthy. */
  readonly reasons: readonly Reason[];
}

/** 200 when there are no reasons against it, else 503 with all of them. */
const verdict = (word: 'healthy' | 'ready', reasons: readonly Reason[], more: object): RouteReply => ({
  status: reasons.length === 0 ? 200 : 503,
  body: { status: reasons.length === 0 ? word : `not ${word}`, ...more, reasons },
});

/** `/healthz`: is the process worth keeping; `/readyz`: does it work on events now, and why not. */
export function healthRoutes(health: () => Promise<Health>, readiness: Readiness): readonly Route[] {
  return [
    {
      method: 'GET',
      path: '/healthz',
      bodyLimitBytes: 0,
      async handler() {
        const { vitals, reasons } = await health();
        return verdict('healthy', reasons, vitals);
      },
    },
    {
      method: 'GET',
      path: '/readyz',
      bodyLimitBytes: 0,
      handler: async () => verdict('ready', await readiness.reasons(), {}),
    },
  ];
}
