import { setTimeout as pause } from 'node:timers/promises';
import { until, useDatabase } from '@pgrelay/test-support';
import { expect, test } from 'vitest';
import { WatchedMarks } from './support/watched-marks.js';

const db = useDatabase();
const runMs = 15_000;
const seed = Date.now() % 1_000_000;

/** Numbers from 0 to 1 that a seed repeats. */
function dice(start: number): () => number {
  let state = start;
  return () => {
    state = (state * 1_664_525 + 1_013_904_223) % 4_294_967_296;
    return state / 4_294_967_296;
  };
}

test(`producers, claimers and put-backs of every kind, and no full scan: nothing is stuck, nothing runs twice (seed ${seed})`, async () => {
  await db.query(
    `set role pgrelay_owner;
     create function pgrelay.test_pause() returns trigger language plpgsql as
       $$ begin if random() < 0.1 then perform pg_sleep(random() * 0.1); end if; return new; end $$;
     create trigger test_pause before insert on pgrelay.queue for each row execute function pgrelay.test_pause();
     reset role`,
  );
  await db.query("select pgrelay.register_channel('soak.' || i) from generate_series(1, 3) i");
  const channels = await db.query<{ id: number; name: string }>(
    "select id, name from pgrelay.channels where name like 'soak.%'",
  );
  const committed = new Set<string>();
  const deadline = Date.now() + runMs;
  let draining = false;

  async function produce(number: number): Promise<void> {
    const random = dice(seed + number);
    const client = await db.connect();
    await client.query("set pgrelay.hint = 'off'");
    const notify = async () => {
      const name = `soak.${1 + Math.floor(random() * 3)}`;
      const priority = random() < 0.5 ? 0 : Math.floor(random() * 4) - 1;
      const { rows } = await client.query('select pgrelay.notify($1, null, null, $2)::text as id', [name, priority]);
      return String(rows[0].id);
    };
    for (let round = 0; Date.now() < deadline || committed.size <= 500; round += 1) {
      const ids: string[] = [];
      await client.query('begin');
      for (let i = Math.ceil(random() * 4); i > 0; i -= 1) ids.push(await notify());
      if (random() < 0.3) {
        await client.query('savepoint s');
        const inner = await notify();
        const kept = random() < 0.5;
        await client.query(kept ? 'release savepoint s' : 'rollback to savepoint s');
        if (kept) ids.push(inner);
      }
      if (random() < 0.4) await pause(random() * 300);
      const end = random();
      if (end < 0.15) {
        await client.query('rollback');
        continue;
      }
      if (end < 0.25) {
        const name = `soak_${number}_${round}`;
        await client.query(`prepare transaction '${name}'`);
        if (random() < 0.5) await pause(random() * 200);
        if (random() < 0.2) {
          await client.query(`rollback prepared '${name}'`);
          continue;
        }
        await client.query(`commit prepared '${name}'`);
      } else {
        await client.query('commit');
      }
      for (const id of ids) committed.add(id);
    }
  }

  async function consume(number: number): Promise<void> {
    const random = dice(seed + 100 + number);
    const client = await db.connect();
    const mine = new WatchedMarks(await db.connect());
    const { rows } = await client.query(
      "select slot, epoch::text from pgrelay.attach_v1('soak', $1, 'test', 3600000, 1, '{}')",
      [number],
    );
    const fence = [rows[0].slot, rows[0].epoch];
    const ticking = (async () => {
      for (; !draining; await pause(20)) await mine.tick();
    })();
    while (!draining) {
      const channel = channels[Math.floor(random() * channels.length)];
      if (channel === undefined) break;
      const { priorities, lows } = mine.marks.of(channel.id);
      const gone = random() < 0.05;
      if (gone) await client.query('begin');
      const claimed = await client.query(
        'select id::text, attempt from pgrelay.claim_v1($1, $2, 1::smallint, $3, $4, $5, $6)',
        [...fence, channel.id, 1 + Math.floor(random() * 20), priorities, lows],
      );
      if (random() < 0.3) await pause(random() * 50);
      if (gone) {
        await client.query('rollback');
        continue;
      }
      const ids = claimed.rows.map((row) => String(row.id));
      const back = ids.filter(() => random() < 0.1);
      const done = ids.filter((id) => !back.includes(id));
      if (back.length > 0) {
        await client.query('begin');
        await client.query('select pgrelay.release_v1($1, $2, $3)', [...fence, back]);
        if (random() < 0.5) await pause(random() * 100);
        await client.query(random() < 0.1 ? 'rollback' : 'commit');
        // A release that was undone is sent again, as the reclaim task would.
        await client.query('select pgrelay.release_v1($1, $2, $3)', [...fence, back]);
      }
      if (done.length > 0) {
        const same = (value: unknown) => done.map(() => value);
        await client.query('select pgrelay.settle_v1($1, $2, $3, $4, $5, $6, $7, $8, $9)', [
          ...fence,
          done,
          done.map((id) => claimed.rows.find((row) => String(row.id) === id)?.attempt),
          same('done'),
          same(null),
          same(1),
          same(0),
          same(null),
        ]);
      } else {
        await pause(5);
      }
    }
    await ticking;
  }

  const consumers = [1, 2, 3].map(consume);
  await Promise.all([1, 2, 3, 4, 5, 6].map(produce));
  await until(
    async () => (await db.query('select from pgrelay.queue limit 1')).length === 0,
    'the queue is empty',
  ).finally(() => {
    draining = true;
  });
  await Promise.all(consumers);
  const log = await db.query<{ event_id: string; n: number }>(
    'select event_id::text, count(*)::int as n from pgrelay.log group by event_id',
  );
  expect(log.filter((row) => row.n !== 1)).toEqual([]);
  expect(new Set(log.map((row) => row.event_id))).toEqual(committed);
  expect(committed.size).toBeGreaterThan(500);
});
