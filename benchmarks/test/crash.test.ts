import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { until, useDatabase } from '@pgrelay/test-support';
import type pg from 'pg';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';

const db = useDatabase();
const fixture = fileURLToPath(new URL('fixtures/processor.mjs', import.meta.url));
const children: ChildProcess[] = [];
const EVENTS = 300;
/** Whoever holds these locks stops the action of the middle event, and the refresh, on the way. */
const MIDDLE_EVENT = 1;
const REFRESH = 2;

function startProcessor(): ChildProcess {
  const child = fork(fixture, {
    env: { ...process.env, DATABASE_URL: db.url },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  children.push(child);
  return child;
}

async function kill(child: ChildProcess): Promise<void> {
  const exited = once(child, 'exit');
  child.kill('SIGKILL');
  await exited;
}

async function stop(child: ChildProcess): Promise<void> {
  const exited = once(child, 'exit');
  child.send('stop');
  await exited;
}

const one = async <T>(sql: string): Promise<T> => ((await db.query<{ value: never }>(sql))[0]?.value ?? 0) as T;
const waitingFor = (lock: number) =>
  one<number>(`select count(*)::integer as value from pg_locks where locktype = 'advisory' and not granted
    and database = (select oid from pg_database where datname = current_database()) and objid = ${lock}`);

beforeAll(async () => {
  await db.query('create schema crash');
  await db.query('create table crash.applied (round integer, event integer)');
  await db.query('create table crash.sales (round integer, amount integer)');
  await db.query(`create function crash.pass(p_lock integer) returns boolean language plpgsql volatile
    as $$ begin perform pg_advisory_xact_lock_shared(p_lock); return true; end $$`);
  await db.query(`create function crash.apply(p_round integer, p_event integer) returns void language plpgsql volatile as $$
    begin
      insert into crash.applied values (p_round, p_event);
      if p_event = ${EVENTS / 2} then perform pg_advisory_xact_lock_shared(${MIDDLE_EVENT}); end if;
    end $$`);
  await db.query('grant usage on schema crash to pgrelay; grant insert on crash.applied to pgrelay');
  await db.query('grant execute on all functions in schema crash to pgrelay');
  await db.query(`create materialized view crash.totals as
    select s.round, sum(s.amount) as amount, g.passed from (select crash.pass(${REFRESH}) as passed) g cross join crash.sales s group by s.round, g.passed`);
  await db.query('create unique index on crash.totals (round)');
  await db.query(
    "select pgrelay.register_channel('crash', 'select crash.apply(split_part($1, '':'', 1)::integer, split_part($1, '':'', 2)::integer)')",
  );
  await db.query("select pgauto_mv.register_mv('crash.totals'::regclass, p_cooldown => 0)");
});

afterEach(async () => {
  for (const child of children.splice(0)) if (child.exitCode === null && child.signalCode === null) await kill(child);
});

/** Writes events and sales, some in a transaction that is rolled back; holds both locks until `release`. */
async function write(round: number): Promise<pg.Client> {
  const holder = await db.connect();
  await holder.query('select pg_advisory_lock($1), pg_advisory_lock($2)', [MIDDLE_EVENT, REFRESH]);
  await db.query(`select pgrelay.notify('crash', '${round}:' || e) from generate_series(1, ${EVENTS}) e`);
  await db.query(`insert into crash.sales select ${round}, a from generate_series(1, 100) a`);
  const undone = await db.connect();
  await undone.query('begin');
  await undone.query(`select pgrelay.notify('crash', '${round}:' || e) from generate_series(1001, 1050) e`);
  await undone.query(`insert into crash.sales values (${round}, 1000000)`);
  await undone.query('rollback');
  return holder;
}

const release = (holder: pg.Client) => holder.query('select pg_advisory_unlock_all()');

/** The Processor has done some events, is in the middle of one, and in the middle of a refresh. */
const inTheMiddle = (round: number) =>
  until(async () => {
    const applied = await one<number>(`select count(*)::integer as value from crash.applied where round = ${round}`);
    return applied > 0 && applied < EVENTS && (await waitingFor(MIDDLE_EVENT)) > 0 && (await waitingFor(REFRESH)) > 0;
  }, 'an event and a refresh to be under way');

const untilDone = () =>
  until(
    () =>
      one<boolean>(`select not exists (select from pgrelay.events e where e.channel <> 'pgauto_mv.sync')
        and not exists (select from pgauto_mv.freshness where dirty or refreshing) as value`),
    'every event and refresh to be done',
  );

async function expectNothingLostOrDoubled(round: number): Promise<void> {
  expect(await db.query(`select event from crash.applied where round = ${round} order by event`)).toEqual(
    Array.from({ length: EVENTS }, (_, index) => ({ event: index + 1 })),
  );
  expect(await one<number>('select count(*)::integer as value from pgrelay.failed')).toBe(0);
  expect(
    await one<number>(`select count(*)::integer as value from (select event_id from pgrelay.log
      where channel = 'crash' and outcome = 'done' group by event_id having count(*) > 1) twice`),
  ).toBe(0);
  expect(
    await db.query(`(select round, amount from crash.totals except all select round, sum(amount) from crash.sales group by round)
      union all (select round, sum(amount) from crash.sales group by round except all select round, amount from crash.totals)`),
  ).toEqual([]);
}

describe('SIGKILL in the middle of events and of a refresh', () => {
  test('the next Processor ends what the killed one holds, and goes on', async () => {
    const holder = await write(1);
    const killed = startProcessor();
    await inTheMiddle(1);
    await kill(killed);
    const next = startProcessor();
    await until(
      async () => (await one<number>("select count(*)::integer as value from pgrelay.log where outcome = 'lost'")) > 0,
      'the events of the killed Processor to come back',
    );
    await release(holder);
    await untilDone();
    await stop(next);
    await expectNothingLostOrDoubled(1);
  });

  test('what the server finishes for the killed one is not done again', async () => {
    const holder = await write(2);
    const killed = startProcessor();
    await inTheMiddle(2);
    await kill(killed);
    await release(holder);
    const next = startProcessor();
    await untilDone();
    await stop(next);
    await expectNothingLostOrDoubled(2);
  });

  test('twice in a row', async () => {
    const holder = await write(3);
    const lost = () => one<number>("select count(*)::integer as value from pgrelay.log where outcome = 'lost'");
    const lostBefore = await lost();
    for (let kills = 0; kills < 2; kills += 1) {
      const killed = startProcessor();
      await until(async () => (await lost()) >= lostBefore + kills, 'the events of the one before to come back');
      await inTheMiddle(3);
      await kill(killed);
    }
    await release(holder);
    const last = startProcessor();
    await untilDone();
    await stop(last);
    await expectNothingLostOrDoubled(3);
  });
});
