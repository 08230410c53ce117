import { createClient, defineHandler } from '@pgrelay/relay-core';
import { until, useDatabase } from '@pgrelay/test-support';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { outcomes, running } from './support/running.js';

const db = useDatabase();
const start = Date.parse('2030-01-01T00:00:00.123Z');
const everyMs = 100;
let client: ReturnType<typeof createClient>;

/** From here on the relay's clock stands still; each run of the handler moves it to the time of the next. */
beforeAll(async () => {
  client = createClient({ connectionString: db.url });
  await db.query('create table public.test_clock as select to_timestamp($1::float8 / 1000) as at', [start]);
  await db.query('grant select, update on public.test_clock to public');
  await db.query(
    'create or replace function pgrelay.clock_now() returns timestamptz language sql volatile parallel safe as $$ select at from public.test_clock $$',
  );
  await db.query('create table public.ran (planned timestamptz, at timestamptz)');
  await db.query(
    `create function public.run(planned float8, next float8, late integer) returns void language plpgsql as $$ begin
       insert into public.ran values (to_timestamp(planned / 1000), pgrelay.clock_now());
       update public.test_clock set at = to_timestamp((next + late) / 1000); end $$`,
  );
  await db.query(`alter database ${db.name} set synchronous_commit = off`);
});
afterAll(() => client.close());

const problems = () => db.query("select object from pgrelay.get_problems() where code = 'recurrence_broken'");

test('a handler that sends itself the next event runs 2,000 times without drift, one audit row a run; broken, it is a problem row until it is redriven', async () => {
  const runs = 2_000;
  const last = start + (runs - 1) * everyMs;
  let broken = true;
  await running(db, {
    leaseMs: 3_600_000, // its own clock runs away from it
    handlers: [
      defineHandler('j.again', { mode: 'transactional' }, async (event, ctx) => {
        const planned: number = event.payload;
        if (planned === last && broken) throw new Error('broken');
        const next = planned + everyMs;
        await ctx.tx.query('select public.run($1, $2, $3)', [planned, next, planned % 7]); // late by up to 6 ms
        await ctx.notify('j.again', next, { runAt: new Date(next) });
      }),
    ],
  });
  await client.notify('j.again', start, { runAt: new Date(start) });
  await until(
    async () => (await db.query("select from pgrelay.failed where channel = 'j.again'")).length > 0,
    'the last one has failed',
    540_000,
  );
  const [seen] = await db.query(
    `select count(*)::int as rows, count(distinct planned)::int as times, max(planned) - min(planned) = ($1 - 2) * interval '100 ms' as exact,
       bool_and(at - planned between interval '0' and interval '7 ms') as in_time from public.ran`,
    [runs],
  );
  expect(seen).toEqual({ rows: runs - 1, times: runs - 1, exact: true, in_time: true });
  const log = await outcomes(db, 'j.again');
  expect(log.map((row) => row.outcome).sort()).toEqual([...Array(runs - 1).fill('done'), 'failed']);
  expect(await problems()).toEqual([{ object: 'channel j.again' }]);

  broken = false;
  await db.query("select pgrelay.redrive_channel('j.again')");
  expect(await problems()).toEqual([]);
  await until(async () => (await outcomes(db, 'j.again')).length > runs, 'it goes on');
  const [resumed] = await db.query(
    'select to_timestamp($1::float8 / 1000) in (select planned from public.ran) as yes',
    [last],
  );
  expect(resumed).toEqual({ yes: true });
}, 600_000);

test.each(['leased', 'batch'] as const)(
  'a %s handler that sends itself events for later is known as well',
  async (kind) => {
    const channel = `j.${kind}`;
    let broken = false;
    const fire = async (notify: (runAt: Date) => Promise<unknown>) => {
      if (broken) throw new Error('broken');
      broken = true;
      const [row] = await db.query<{ at: Date }>("update public.test_clock set at = at + interval '1 s' returning at");
      await notify(row?.at ?? new Date());
    };
    await running(db, {
      leaseMs: 3_600_000,
      handlers: [
        kind === 'leased'
          ? defineHandler(channel, (_event, ctx) =>
              fire((runAt) => ctx.notify(channel, 1, { runAt })).then(() => undefined),
            )
          : defineHandler(channel, { batch: 5 }, (_events, ctx) =>
              fire((runAt) => ctx.notifyMany(channel, [{ runAt }])).then(() => undefined),
            ),
      ],
    });
    await client.notify(channel);
    await until(async () => (await problems()).some((row) => row.object === `channel ${channel}`), 'it is broken');
    expect((await outcomes(db, channel)).map((row) => row.outcome).sort()).toEqual(['done', 'failed']);
  },
);
