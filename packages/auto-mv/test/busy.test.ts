import { useDatabase } from '@pgrelay/test-support';
import { beforeAll, expect, test } from 'vitest';
import { declareChannel, requests, takeRequests } from './support/refresh.js';
import { openShop, watch } from './support/shop.js';
import { VirtualClock } from './support/virtual-clock.js';

const db = useDatabase();
let clock: VirtualClock;

beforeAll(async () => {
  await declareChannel(db);
  clock = await VirtualClock.install(db);
});

/** How often the planner looks and the table is written, and how long a refresh takes, in seconds. */
const TICK = 1;
const REFRESH = 3;

test.each([
  [0, 0, 2],
  [10, 20, 0],
  [10, 20, 30],
])(
  'written without pause for ten minutes, lag %i, max_wait %i, cooldown %i: at least every max(max_wait, cooldown) plus one refresh',
  async (lag, maxWait, cooldown) => {
    const shop = await openShop(db);
    const id = await watch(
      db,
      shop,
      'INSERT',
      `, p_refresh_lag => ${lag}, p_max_wait => ${maxWait}, p_cooldown => ${cooldown}`,
    );
    const refresher = await db.session(`refresher of ${shop.view}`);
    const begin = clock.seconds;
    const done: number[] = [];
    let running: { epoch: string | undefined; until: number } | undefined;
    while (clock.seconds - begin < 600) {
      await db.query(`insert into ${shop.orders} (amount) values (1)`);
      await db.query('select pgauto_mv.plan_v1()');
      if (running === undefined && (await requests(db, id)).length > 0) {
        await takeRequests(db);
        const [claim] = await refresher.query<{ outcome: string; epoch: string }>(
          "select outcome, epoch from pgauto_mv.begin_refresh_v1($1, 'trigger', null, '1 h')",
          [id],
        );
        expect(claim?.outcome).toBe('go');
        await refresher.query('begin isolation level repeatable read');
        await refresher.query("select pgauto_mv.enter_refresh_v1($1, $2, '1 h', '1 s', '1 s')", [id, claim?.epoch]);
        running = { epoch: claim?.epoch, until: clock.seconds + REFRESH };
      }
      await clock.advance(TICK);
      if (running !== undefined && clock.seconds >= running.until) {
        await refresher.query(`refresh materialized view concurrently ${shop.view}`);
        await refresher.query("select pgauto_mv.finish_refresh_v1($1, $2, 'trigger', 'concurrently', null)", [
          id,
          running.epoch,
        ]);
        await refresher.query('commit');
        done.push(clock.seconds - begin);
        running = undefined;
      }
    }
    const longest = Math.max(...done.map((at, i) => at - (done[i - 1] ?? 0)));
    const bound = Math.max(maxWait, cooldown) + REFRESH + 2 * TICK; // a change is seen, and a request made, one look later each
    expect(longest).toBeLessThanOrEqual(bound);
    expect(done.length).toBeGreaterThanOrEqual(Math.floor(600 / bound) - 1);
    const shortest = Math.min(...done.slice(1).map((at, i) => at - (done[i] ?? 0)));
    expect(shortest).toBeGreaterThanOrEqual(cooldown + REFRESH);
  },
);
