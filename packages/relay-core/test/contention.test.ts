import { until, useDatabase } from '@pgrelay/test-support';
import { beforeAll, expect, test } from 'vitest';
import { outcomes, running } from './support/running.js';

const db = useDatabase();
const ROWS = 100;
const EVENTS = 400;

beforeAll(async () => {
  await db.query(
    `create table stock (id integer primary key, quantity integer not null default 0); insert into stock select generate_series(1, ${ROWS})`,
  );
  await db.query('grant select, update on stock to pgrelay');
});

const one = async (sql: string) => (await db.query<{ n: number }>(sql))[0]?.n ?? 0;
const waiting = () =>
  one(`select count(*)::integer as n from pg_stat_activity
    where datname = current_database() and application_name like 'pgrelay worker%' and wait_event_type = 'Lock'`);
const idle = async (channel: string) =>
  (await db.query('select from pgrelay.events where channel = $1', [channel])).length === 0;

test.each([
  ['by default', false],
  ['with parallel batches', true],
])(
  'four workers and an application on the same rows %s: no event fails and none is tried twice',
  async (_, parallel) => {
    const channel = `ct.${parallel}`;
    const update = 'update stock set quantity = quantity + 1 where id = $1::integer';
    await db.query('update stock set quantity = 0');
    await db.query('select pgrelay.register_channel($1, $2, p_parallel => $3)', [channel, update, parallel]);
    await db.query(
      `select pgrelay.notify_many($1, array_agg((1 + n * 37 * (n % 7 + 1) % ${ROWS})::text)) from generate_series(1, ${EVENTS}) n`,
      [channel],
    );
    const application = await db.session('application');
    const write = async (first: number, second: number, between: () => Promise<unknown> = async () => undefined) => {
      await application.query('begin');
      await application.query(update, [first]);
      await between();
      await application.query(update, [second]);
      await application.query('commit');
    };

    let writes = 1;
    await write(1, 2, async () => {
      await running(db, { workers: 4 });
      await until(async () => (await waiting()) > 0, 'a worker waits for a row that the application has');
    });
    for (; !(await idle(channel)); writes += 1) await write(1 + ((writes * 53) % ROWS), 1 + ((writes * 29) % ROWS));

    const ended = await outcomes(db, channel);
    expect(ended).toHaveLength(EVENTS);
    expect(ended.filter(({ outcome, attempt }) => outcome !== 'done' || attempt !== 1)).toEqual([]);
    expect(await one('select count(*)::integer as n from pgrelay.failed')).toBe(0);
    expect(await one('select sum(quantity)::integer as n from stock')).toBe(EVENTS + 2 * writes);
  },
);
