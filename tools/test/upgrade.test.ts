import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { migrate, schemaStatus } from '@pgrelay/relay-sql';
import { until, useDatabase } from '@pgrelay/test-support';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { PreviousRelease, previousCommit } from './support/previous-release.js';

/**
 * An upgrade under load: Processors of the previous release work on while the new one migrates, with events in every state. Then a new
 * one joins, the old one stops, and the ledger has to balance.
 */
const db = useDatabase({ template: 'empty' });
const script = fileURLToPath(new URL('./fixtures/upgrade-processor.mjs', import.meta.url));
const commit = previousCommit();
const children: Running[] = [];
let previous: PreviousRelease;

/** A Processor in a process of its own. */
class Running {
  readonly #child: ChildProcess;
  readonly exited: Promise<number | string>;
  out = '';
  log = '';

  constructor(file: string) {
    const env = { ...process.env, DATABASE_URL: db.url };
    this.#child = spawn(process.execPath, [file], { env, stdio: ['ignore', 'pipe', 'pipe'] });
    this.#child.stdout?.on('data', (chunk) => {
      this.out += chunk;
    });
    this.#child.stderr?.on('data', (chunk) => {
      this.log += chunk;
    });
    this.exited = new Promise((resolve) => this.#child.once('exit', (code, signal) => resolve(code ?? signal ?? '')));
    children.push(this);
  }

  /** Until it works; the slot that it holds. */
  async slot(): Promise<number> {
    await until(async () => /ready \d+/.test(this.out), `it starts; it logged: ${this.log.slice(-1_000)}`);
    return Number(/ready (\d+)/.exec(this.out)?.[1]);
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }

  /**
   * What it logged that nobody wanted, without the failures that belong to the load. A batch gives way to the DDL of the migration, as it
   * does to any lock: it is undone, and its channel comes again.
   */
  troubles(): unknown[] {
    return this.log
      .split('\n')
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line) as { level: number; sqlstate?: string; outcome?: string })
      .filter(({ level, outcome, sqlstate }) => level >= 40 && outcome === undefined && sqlstate !== '55P03');
  }
}

/** Sends events of all kinds, each with a row of its own in u.sent, until it is told to end. */
class Load {
  #end = false;
  readonly ended: Promise<void>;
  sent = 0;

  constructor() {
    this.ended = this.#run();
  }

  async end(): Promise<void> {
    this.#end = true;
    await this.ended;
  }

  async #run(): Promise<void> {
    const client = await db.connect();
    for (let n = 0; !this.#end; n += 1) {
      await client.query(
        `insert into u.sent select pgrelay.notify(c, $1::text), c from unnest('{u.sql,u.sql,u.sql,u.leased,u.batch,u.tx}'::text[]) c`,
        [n],
      );
      if (n % 10 === 0) {
        await client.query(
          `insert into u.sent select pgrelay.notify(c, $1::text), c from unnest('{u.retry,u.fails,u.sql.fails}'::text[]) c`,
          [n],
        );
        await client.query(
          `insert into u.sent select pgrelay.notify('u.sql', $1::text, pgrelay.clock_now() + interval '300 ms'), 'u.sql'`,
          [n],
        );
      }
      this.sent = n;
      // What is sent now is to run soon: not so much at once that what comes before it takes long.
      while (!this.#end && (await count('pgrelay.queue')) > 200) await new Promise(setImmediate);
    }
  }
}

const count = async (sql: string) => Number((await db.query<{ n: string }>(`select count(*) as n from ${sql}`))[0]?.n);
/** Until events that were sent from now on have ended in that slot, on every kind of channel. */
async function worksOn(slot: number, what: string): Promise<void> {
  const channels = ['u.sql', 'u.leased', 'u.batch', 'u.tx', 'u.retry', 'u.fails', 'u.sql.fails'];
  const [{ id } = { id: '0' }] = await db.query<{ id: string }>('select max(id)::text as id from u.sent');
  await until(
    async () =>
      (
        await db.query(
          'select distinct channel from pgrelay.log where slot = $1 and event_id > $2 and channel = any ($3)',
          [slot, id, channels],
        )
      ).length === channels.length,
    what,
  );
}

/** The migration's session while it waits for a lock, or undefined. */
const waiting = async () =>
  (
    await db.query<{ pid: number; began: string }>(
      "select pid, xact_start::text as began from pg_stat_activity where application_name = 'pgrelay migrate' and datname = current_database() and wait_event_type = 'Lock'",
    )
  )[0];

beforeAll(async () => {
  if (commit === undefined) return;
  previous = new PreviousRelease(commit);
  const migrated = spawnSync(process.execPath, [previous.place(script), 'migrate'], {
    env: { ...process.env, DATABASE_URL: db.url },
    encoding: 'utf8',
  });
  expect(migrated).toMatchObject({ status: 0 });
  await db.query('create schema u; create table u.sent (id bigint primary key, channel text)');
  await db.query('create table u.effect (id bigint, channel text); create table u.release ()');
  await db.query('grant usage on schema u to pgrelay; grant insert on u.effect to pgrelay');
  await db.query(
    "select pgrelay.register_channel('u.sql', $1), pgrelay.register_channel('u.sql.fails', 'select $1::integer / 0')",
    ["insert into u.effect values ((pgrelay.current_event()).id, 'u.sql')"],
  );
}, 300_000);

afterAll(async () => {
  for (const child of children) child.signal('SIGKILL');
  await Promise.all(children.map(({ exited }) => exited));
  previous?.remove();
});

describe.skipIf(commit === undefined)(
  'an upgrade while running (not without history: PGRELAY_UPGRADE_FROM names a commit)',
  () => {
    test('the previous release works on the new schema, the new one takes over, and nothing is lost or done twice', async () => {
      const old = new Running(previous.place(script));
      const oldSlot = await old.slot();
      await db.query("insert into u.sent select pgrelay.notify('u.holds'), 'u.holds'");
      await db.query(
        "insert into u.sent select pgrelay.notify('u.sql', 'later', pgrelay.clock_now() + interval '1 day'), 'u.sql'",
      );
      const load = new Load();
      await worksOn(oldSlot, 'the old one works before the upgrade');

      // Half way: the DDL is done and not committed. Its backend is ended there.
      const holder = await db.session('holder');
      await holder.query('begin; lock table pgrelay.schema_module in share mode');
      const aborted = migrate({ connectionString: db.url }).then(
        () => 'done',
        (error) => error,
      );
      const { pid } = await until(waiting, 'the migration has done its work');
      await db.query('select pg_terminate_backend($1)', [pid]);
      expect(await aborted).toMatchObject({ code: expect.stringMatching(/^(57P01|ECONNRESET)?$/) });
      await worksOn(oldSlot, 'the old one works after a migration that was aborted');

      // Again: it cannot have a lock in time, undoes everything and tries again.
      const slow = migrate({ connectionString: db.url, lockTimeoutMs: 100 });
      const { began } = await until(waiting, 'it waits for a lock');
      await until(async () => {
        const now = await waiting();
        return now !== undefined && now.began !== began;
      }, 'it has begun anew');
      await holder.query('rollback');
      await slow;
      const states = await schemaStatus({ connectionString: db.url });
      expect(states.map(({ status }) => status)).toEqual(['current']);
      expect((await migrate({ connectionString: db.url })).upToDate).toBe(true);
      await worksOn(oldSlot, 'the old one works on the new schema');
      expect(await count(`pgrelay.events where channel = 'u.holds' and state = 'claimed' and slot = ${oldSlot}`)).toBe(
        1,
      );
      expect(await count("pgrelay.events where state = 'delayed'")).toBeGreaterThan(0);

      const fresh = new Running(script);
      const freshSlot = await fresh.slot();
      await worksOn(freshSlot, 'the new one works beside it');
      await worksOn(oldSlot, 'the old one works beside the new one');
      await db.query('insert into u.release default values');
      old.signal('SIGTERM');
      expect(await old.exited).toBe(0);
      await worksOn(freshSlot, 'the new one goes on alone');
      await load.end();
      await db.query("select pgrelay.snooze(id, interval '0') from pgrelay.events where state = 'delayed'");
      await until(async () => (await count('pgrelay.events')) === 0, 'everything has ended');
      fresh.signal('SIGTERM');
      expect(await fresh.exited).toBe(0);
      expect([old.troubles(), fresh.troubles()]).toEqual([[], []]);

      // The ledger. What was sent, and the children that handlers sent, has one last audit row each, and attempts one row each.
      const final = "(select event_id from pgrelay.log where outcome in ('done', 'failed', 'cancelled'))";
      expect(load.sent).toBeGreaterThan(10);
      expect(await count(`${final} f`)).toBe(await count(`(select distinct event_id from ${final} f) d`));
      expect(await count(`u.sent s where s.id not in ${final}`)).toBe(0);
      expect(await count("pgrelay.log where outcome = 'lost'")).toBe(0);
      expect(
        await count(
          '(select event_id from pgrelay.log group by 1 having count(*) <> max(attempt) or count(*) <> count(distinct attempt)) wrong',
        ),
      ).toBe(0);
      expect(await count('(select id from u.effect group by 1 having count(*) > 1) twice')).toBe(0);
      expect(await count("u.sent s where s.channel not like '%fails' and s.id not in (select id from u.effect)")).toBe(
        0,
      );
      expect(await count("pgrelay.failed f where f.channel not like '%fails'")).toBe(0);
      expect(await count('pgrelay.failed')).toBe(await count("u.sent where channel like '%fails'"));
      const children = "pgrelay.log where channel = 'u.child' and outcome = 'done'";
      expect(await count(children)).toBe(await count("u.effect where channel = 'u.child'"));
      expect(await count(children)).toBe(Math.floor(load.sent / 10) + 1);
    }, 300_000);
  },
);

test.skipIf(commit !== undefined)(
  'the upgrade from the previous release is not tested here: there is no history of the repository',
  () => {
    expect(previousCommit()).toBeUndefined();
  },
);
