import { sqlstateOf } from '@pgrelay/relay-core';
import type pg from 'pg';
import { Hint } from './hint.js';

/** A standby takes no LISTEN: how long to wait between two looks there, in ms. */
const POLL_MS = 50;

/** The sqlstate of LISTEN on a standby. */
const readOnly = '25006';

/**
 * Waits until a view holds what a transaction did, as pgauto_mv.wait_until_fresh() does, but on the hint that every
 * refresh sends when it commits: the server has nothing to do meanwhile, and the connection is free for other statements.
 * Returns whether the view does. Asks for the refresh; on a standby it can only wait.
 * @param client a connection in no transaction, which goes on to LISTEN; a pool will not do, since the hint comes to one
 * connection
 * @param view its name as SQL would read it
 * @param token pg_current_xact_id() of the transaction that wrote
 * @param options timeoutMs: how long at most. Default: 30,000. lookEveryMs: how long to wait for a hint before looking all
 * the same, since a pooler between us and the server swallows hints. Default: 1,000.
 * @throws the server's error with code PM004 (not registered), PM011, PM012 (the caller's own transaction), PM017 (no token)
 */
export async function waitUntilFresh(
  client: pg.ClientBase,
  view: string,
  token: string,
  { timeoutMs = 30_000, lookEveryMs = 1_000 }: { readonly timeoutMs?: number; readonly lookEveryMs?: number } = {},
): Promise<boolean> {
  const deadline = performance.now() + timeoutMs;
  const hint = new Hint();
  client.on('notification', hint.ring);
  try {
    const hears = await listen(client);
    for (;;) {
      const leftMs = deadline - performance.now();
      const { rows } = await client.query<{ fresh: boolean }>(
        'select pgauto_mv.look_fresh($1::regclass, $2::xid8, $3) as fresh',
        [view, token, leftMs <= 0],
      );
      if (rows[0]?.fresh === true || leftMs <= 0) return rows[0]?.fresh === true;
      await hint.wait(Math.min(leftMs, hears ? lookEveryMs : POLL_MS));
    }
  } finally {
    client.off('notification', hint.ring);
  }
}

/** Before the first look, so that no refresh ends unheard; false where the server takes no LISTEN. */
async function listen(client: pg.ClientBase): Promise<boolean> {
  try {
    await client.query('listen pgauto_mv');
    return true;
  } catch (error) {
    if (sqlstateOf(error) !== readOnly) throw error;
    return false;
  }
}
