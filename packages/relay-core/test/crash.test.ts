import { until, useDatabase } from '@pgrelay/test-support';
import { beforeAll, describe, expect, test } from 'vitest';
import { ChildProcessor } from './support/child.js';
import { untilIdle } from './support/running.js';

const db = useDatabase();
const count = async (sql: string) =>
  (await db.query<{ n: number }>(`select count(*)::int as n from ${sql}`))[0]?.n ?? 0;

beforeAll(async () => {
  await db.query('create table effects (event_id bigint, kind text); grant select, insert on effects to pgrelay');
  await db.query(
    "select pgrelay.register_channel('k.sql', 'insert into effects select (e).id, ''sql'' from pgrelay.current_event() e, pg_sleep(0.002)')",
  );
  for (const name of ['k.tx', 'k.leased', 'k.slow', 'k.deadly']) {
    await db.query('select pgrelay.register_channel($1, p_mode => $2)', [
      name,
      name === 'k.tx' ? 'transactional' : 'leased',
    ]);
  }
});

describe('kill -9 of the Processor', () => {
  test('in the middle of events, again and again: nothing is lost, nothing transactional happens twice', async () => {
    const each = 1_500;
    for (const channel of ['k.sql', 'k.tx', 'k.leased']) {
      await db.query(`select pgrelay.notify('${channel}', '{}') from generate_series(1, ${each})`);
    }
    let kills = 0;
    for (let ended = 0; kills < 6; kills += 1) {
      const child = new ChildProcessor(db.url);
      await child.printed('ready');
      const target = ended + 200;
      await until(async () => {
        ended = await count("pgrelay.log where outcome = 'done' and channel in ('k.sql', 'k.tx', 'k.leased')");
        return ended >= Math.min(target, each * 2);
      }, 'some more events ended');
      child.signal('SIGKILL');
      await child.exited;
    }
    const last = new ChildProcessor(db.url);
    await untilIdle(db, 'k.sql', 'k.tx', 'k.leased');
    last.signal('SIGTERM');
    expect(await last.exited).toBe(0);

    expect(await count('pgrelay.failed')).toBe(0);
    for (const channel of ['k.sql', 'k.tx', 'k.leased']) {
      expect(
        await count(
          `(select event_id from pgrelay.log where channel = '${channel}' and outcome = 'done' group by event_id having count(*) = 1) x`,
        ),
      ).toBe(each);
      expect(await count(`pgrelay.log where channel = '${channel}' and outcome = 'done'`)).toBe(each);
    }
    for (const kind of ['sql', 'tx']) {
      expect(await count(`effects where kind = '${kind}'`)).toBe(each);
      expect(await count(`(select from effects where kind = '${kind}' group by event_id having count(*) > 1) x`)).toBe(
        0,
      );
    }
  });

  test('another living Processor takes the events over within the lease', async () => {
    const dead = new ChildProcessor(db.url);
    await dead.printed('ready');
    const [event] = await db.query<{ id: string }>(`select pgrelay.notify('k.slow', '{"ms": 600000}')::text as id`);
    await dead.printed(`running ${event?.id}`);
    const living = new ChildProcessor(db.url);
    await living.printed('ready');
    dead.signal('SIGKILL');
    await living.printed(`running ${event?.id}`);
    expect(await db.query('select outcome, attempt from pgrelay.log where event_id = $1', [event?.id])).toEqual([
      { outcome: 'lost', attempt: 1 },
    ]);
    living.signal('SIGKILL');
    await living.exited;
    await db.query("select pgrelay.drop_channel('k.slow', true), pgrelay.register_channel('k.slow')");
  });

  test('an event that kills its Processor each time is quarantined, with its payload', async () => {
    const [event] = await db.query<{ id: string }>(`select pgrelay.notify('k.deadly', '{"a": 1}')::text as id`);
    for (let lost = 0; lost < 3; lost += 1) {
      const child = new ChildProcessor(db.url);
      expect(await child.exited).toBe('SIGKILL');
    }
    const healthy = new ChildProcessor(db.url);
    await until(async () => (await count(`pgrelay.failed where id = ${event?.id}`)) === 1, 'it is quarantined');
    healthy.signal('SIGTERM');
    expect(await healthy.exited).toBe(0);
    expect(await db.query('select reason, lost, payload from pgrelay.failed where id = $1', [event?.id])).toEqual([
      { reason: 'quarantined', lost: 3, payload: '{"a": 1}' },
    ]);
  });

  test.each(['leased', 'transactional'] as const)(
    'of %s events only the one that kills is quarantined; those claimed with it are done',
    async (mode) => {
      const channel = `k.mixed.${mode}`;
      await db.query('select pgrelay.register_channel($1, p_mode => $2)', [channel, mode]);
      const innocents = 12;
      const payloads = Array.from({ length: innocents }, (_, n) => String(n));
      await db.query('select pgrelay.notify_many($1, $2)', [channel, [...payloads, '"die"', ...payloads]]);
      const quarantined = async () => (await count(`pgrelay.failed where channel = '${channel}'`)) > 0;
      let killed = 0;
      while (!(await quarantined())) {
        const child = new ChildProcessor(db.url);
        let gone = false;
        child.exited.then(() => {
          gone = true;
        });
        await until(async () => gone || (await quarantined()), 'it kills again or is quarantined');
        killed += 1;
      }
      const healthy = new ChildProcessor(db.url);
      await untilIdle(db, channel);
      healthy.signal('SIGTERM');
      await healthy.exited;
      expect(killed).toBeGreaterThanOrEqual(3);
      expect(await db.query('select reason, payload from pgrelay.failed where channel = $1', [channel])).toEqual([
        { reason: 'quarantined', payload: '"die"' },
      ]);
      expect(await count(`pgrelay.log where channel = '${channel}' and outcome = 'done'`)).toBe(2 * innocents);
    },
    120_000,
  );
});

describe('SIGTERM', () => {
  test('drains: what runs finishes, nothing new starts, the slot is given back', async () => {
    const child = new ChildProcessor(db.url);
    await child.printed('ready');
    const [event] = await db.query<{ id: string }>(`select pgrelay.notify('k.slow', '{"ms": 700}')::text as id`);
    await child.printed(`running ${event?.id}`);
    child.signal('SIGTERM');
    await until(async () => child.log.includes('Processor drains'), 'it drains');
    const [late] = await db.query<{ id: string }>(`select pgrelay.notify('k.slow', '{"ms": 1}')::text as id`);
    expect(await child.exited).toBe(0);
    expect(await db.query('select outcome from pgrelay.log where event_id = $1', [event?.id])).toEqual([
      { outcome: 'done' },
    ]);
    expect(await db.query('select state, attempt from pgrelay.events where id = $1', [late?.id])).toEqual([
      { state: 'ready', attempt: 0 },
    ]);
    expect(await count(`pgrelay.processors where pid = ${child.pid}`)).toBe(0);
    await db.query("select pgrelay.drop_channel('k.slow', true), pgrelay.register_channel('k.slow')");
  });

  test('a second one forces: it ends at once, and what ran comes back uncounted', async () => {
    const child = new ChildProcessor(db.url);
    await child.printed('ready');
    const [event] = await db.query<{ id: string }>(`select pgrelay.notify('k.slow', '{"ms": 600000}')::text as id`);
    await child.printed(`running ${event?.id}`);
    child.signal('SIGTERM');
    await until(async () => child.log.includes('Processor drains'), 'it drains');
    child.signal('SIGTERM');
    await until(async () => (await count(`pgrelay.processors where pid = ${child.pid}`)) === 0, 'the slot is free');
    expect(await db.query('select state, attempt, lost from pgrelay.events where id = $1', [event?.id])).toEqual([
      { state: 'ready', attempt: 0, lost: 0 },
    ]);
  });

  test('a second one also ends the SQL action that runs: it is undone, and its event is ready as before', async () => {
    await db.query(
      "select pgrelay.register_channel('k.long', 'insert into effects values (0, ''long''); select pg_sleep(600)', p_statement_timeout => '10 minutes')",
    );
    const [event] = await db.query<{ id: string }>("select pgrelay.notify('k.long')::text as id");
    const child = new ChildProcessor(db.url);
    const asleep = () => count("pg_stat_activity where wait_event = 'PgSleep' and datname = current_database()");
    await until(async () => (await asleep()) === 1, 'the action runs');
    child.signal('SIGTERM');
    await until(async () => child.log.includes('Processor drains'), 'it drains');
    child.signal('SIGTERM');
    expect(await child.exited).toBe(1);
    await until(async () => (await asleep()) === 0, 'the statement has ended');
    expect(await count("effects where kind = 'long'")).toBe(0);
    expect(await db.query('select state, attempt from pgrelay.events where id = $1', [event?.id])).toEqual([
      { state: 'ready', attempt: 0 },
    ]);
    await db.query("select pgrelay.drop_channel('k.long', true)");
  });
});
