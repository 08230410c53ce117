import type pg from 'pg';

/** Orders to begin with: enough that the cost of a refresh grows in proportion from here. */
const FIRST = 25_000;
/** A slow disk or a huge wish must not fill it for ever. */
const MOST = 1_500_000;

export interface Calibration {
  readonly orders: number;
  readonly refreshMs: number;
}

/** Adds orders until one refresh of the view takes about `wishMs`, in at most three steps. */
export async function fillUntilRefreshTakes(
  client: pg.Client,
  wishMs: number,
  stop: AbortSignal,
): Promise<Calibration> {
  let orders = 0;
  let refreshMs = 0;
  for (let step = 0; step < 3 && refreshMs < wishMs * 0.8 && orders < MOST; step += 1) {
    stop.throwIfAborted();
    const wanted = orders === 0 ? FIRST : Math.round(orders * Math.min(wishMs / Math.max(refreshMs, 1), 8));
    const more = Math.min(wanted, MOST) - orders;
    await client.query('select demo.fill($1)', [more]);
    orders += more;
    await measureRefresh(client);
    refreshMs = Math.min(await measureRefresh(client), await measureRefresh(client));
  }
  return { orders, refreshMs };
}

/** Fills in a given number of orders, whatever a refresh then costs. */
export async function fillWith(client: pg.Client, orders: number): Promise<Calibration> {
  await client.query('select demo.fill($1)', [orders]);
  return { orders, refreshMs: await measureRefresh(client) };
}

async function measureRefresh(client: pg.Client): Promise<number> {
  const { rows } = await client.query<{ ms: number }>('select demo.measure_refresh() as ms');
  return rows[0]?.ms ?? 0;
}
