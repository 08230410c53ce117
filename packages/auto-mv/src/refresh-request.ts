/** Why a view is to be refreshed; `now` is an explicit request, the others are the planner's. */
const refreshSources = ['first', 'trigger', 'max_wait', 'chain', 'schedule', 'safety', 'wait', 'retry', 'now'] as const;
export type RefreshSource = (typeof refreshSources)[number];

/** The payload of an event on the channel pgauto_mv.refresh. */
export interface RefreshRequest {
  /** The id of the registration. */
  readonly mvId: string;
  readonly source: RefreshSource;
  /** A transaction that the contents must hold for the request to be served already. */
  readonly token: string | null;
}

/** Reads the payload; undefined when it is not one that pgauto_mv.request_refresh() made. */
export function readRefreshRequest(payload: unknown): RefreshRequest | undefined {
  if (typeof payload !== 'object' || payload === null) return undefined;
  const { mv, source, token } = payload as Record<string, unknown>;
  const known = refreshSources.find((name) => name === source);
  if (typeof mv !== 'string' || !/^\d+$/.test(mv) || known === undefined) return undefined;
  if (token !== null && !(typeof token === 'string' && /^\d+$/.test(token))) return undefined;
  return { mvId: mv, source: known, token };
}
