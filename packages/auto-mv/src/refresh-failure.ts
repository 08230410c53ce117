import { sqlstateOf } from '@pgrelay/relay-core';
import type { RefreshFailure } from './refresh-gateway.js';
import type { RunningRefresh } from './running-refreshes.js';

/** The sqlstate of a refresh that was cancelled because others had to wait for it. */
export const gaveWay = 'PM061';

/** What is recorded of an error that ended a refresh. */
export function toRefreshFailure(error: unknown, self: RunningRefresh): RefreshFailure {
  const fields = (error instanceof Error ? error : {}) as Partial<Record<'code' | 'detail' | 'hint', unknown>>;
  const text = (value: unknown) => (typeof value === 'string' ? value : undefined);
  if (self.gaveWay !== undefined && fields.code === '57014') {
    return { sqlstate: gaveWay, message: self.gaveWay, detail: undefined, hint: undefined };
  }
  return {
    sqlstate: sqlstateOf(error),
    message: error instanceof Error ? error.message : String(error),
    detail: text(fields.detail),
    hint: text(fields.hint),
  };
}
