import { randomBytes } from 'node:crypto';
import { type TestDatabase, useDatabase } from '@pgrelay/test-support';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const db: TestDatabase = useDatabase();
const password = randomBytes(8).toString('hex');
const suffix = randomBytes(4).toString('hex');
const roles = [
  'nobody',
  'pgrelay',
  'pgrelay_producer',
  'pgrelay_viewer',
  'pgrelay_admin',
  'pgrelay_processor',
] as const;
type Role = (typeof roles)[number];
const login = (role: Role) => `probe_${role}_${suffix}`;

/** What may be done, and by whom. Everything else must be refused with 42501. */
const matrix: readonly { readonly what: string; readonly sql: string; readonly allowed: readonly Role[] }[] = [
  {
    what: 'notify',
    sql: "select pgrelay.notify('open')",
    allowed: ['pgrelay', 'pgrelay_producer', 'pgrelay_admin', 'pgrelay_processor'],
  },
  {
    what: 'notify many',
    sql: "select pgrelay.notify_many('open', '{a,b}')",
    allowed: ['pgrelay', 'pgrelay_producer', 'pgrelay_admin', 'pgrelay_processor'],
  },
  {
    what: 'read the events',
    sql: 'select * from pgrelay.events',
    allowed: ['pgrelay_viewer', 'pgrelay_admin', 'pgrelay_processor'],
  },
  {
    what: 'read the log',
    sql: 'select * from pgrelay.log',
    allowed: ['pgrelay_viewer', 'pgrelay_admin', 'pgrelay_processor'],
  },
  {
    what: 'read problems',
    sql: 'select * from pgrelay.get_problems()',
    allowed: ['pgrelay_viewer', 'pgrelay_admin', 'pgrelay_processor'],
  },
  { what: 'read payloads that wait', sql: 'select payload from pgrelay.queue', allowed: ['pgrelay_admin'] },
  { what: 'read payloads that failed', sql: 'select payload from pgrelay.failed', allowed: ['pgrelay_admin'] },
  { what: 'write the queue by hand', sql: 'delete from pgrelay.queue', allowed: [] },
  { what: 'write the log', sql: 'delete from pgrelay.log', allowed: [] },
  {
    what: 'register a channel',
    sql: "select pgrelay.register_channel('mine', 'select 1')",
    allowed: ['pgrelay_admin'],
  },
  {
    what: 'register a top-level channel',
    sql: "select pgrelay.register_channel('mine', array['vacuum', 'analyze'], 'toplevel')",
    allowed: ['pgrelay_admin'],
  },
  {
    what: 'redrive an event',
    sql: 'select pgrelay.redrive(x) from generate_series(1, 0) x',
    allowed: ['pgrelay_admin'],
  },
  { what: 'redrive a channel', sql: "select pgrelay.redrive_channel('open')", allowed: ['pgrelay_admin'] },
  {
    what: 'set a retry rule',
    sql: "select pgrelay.set_retry('open', 'any'), pgrelay.unset_retry('open', 'any')",
    allowed: ['pgrelay_admin'],
  },
  {
    what: 'set a breaker',
    sql: "select pgrelay.set_breaker('open'), pgrelay.close_breaker('open'), pgrelay.unset_breaker('open')",
    allowed: ['pgrelay_admin'],
  },
  {
    what: 'read rules and breakers',
    sql: 'select * from pgrelay.retry_rules, pgrelay.breakers',
    allowed: ['pgrelay_viewer', 'pgrelay_admin', 'pgrelay_processor'],
  },
  { what: 'read the table of breakers', sql: 'select * from pgrelay.breaker', allowed: [] },
  {
    what: 'declare breakers',
    sql: "select pgrelay.declare_breakers_v1('{}', '{}')",
    allowed: ['pgrelay_processor'],
  },
  {
    what: 'debounce a channel',
    sql: "select pgrelay.set_debounce('open', '1 s'), pgrelay.unset_debounce('open')",
    allowed: ['pgrelay_admin'],
  },
  { what: 'let events expire', sql: "select pgrelay.set_expiry('open', null)", allowed: ['pgrelay_admin'] },
  {
    what: 'read debounces',
    sql: 'select * from pgrelay.debounces',
    allowed: ['pgrelay_viewer', 'pgrelay_admin', 'pgrelay_processor'],
  },
  { what: 'read the keys of debounced channels', sql: 'select * from pgrelay.debounce_key', allowed: [] },
  {
    what: 'declare debounces',
    sql: "select pgrelay.declare_debounces_v1('{}', '{}')",
    allowed: ['pgrelay_processor'],
  },
  { what: 'collapse events', sql: 'select pgrelay.collapse_marks(now())', allowed: [] },
  { what: 'take expired events away', sql: 'select pgrelay.expire_events()', allowed: [] },
  {
    what: 'count a loss',
    sql: 'select pgrelay.lose_v1(1::smallint, x, 1::smallint, 1, 1) from generate_series(1, 0) x',
    allowed: ['pgrelay_processor'],
  },
  { what: 'open a breaker', sql: 'select pgrelay.open_breaker(1)', allowed: [] },
  { what: 'decide a retry', sql: "select pgrelay.decide_v2(1, '{}', 0)", allowed: [] },
  { what: 'move failed rows', sql: "select pgrelay.redrive_rows('open', '{}', null)", allowed: [] },
  { what: 'take a dedup key', sql: "select pgrelay.take_key(1, 'k', 1, now(), null)", allowed: [] },
  { what: 'pause a channel', sql: "select pgrelay.pause_channel('open')", allowed: ['pgrelay_admin'] },
  { what: 'drop a channel', sql: "select pgrelay.drop_channel('open')", allowed: ['pgrelay_admin'] },
  { what: 'take a slot', sql: "select pgrelay.attach_v1('h', 1, 'v', 1000, 1, '{}')", allowed: ['pgrelay_processor'] },
  { what: 'look for work', sql: "select pgrelay.poll_v1('{}')", allowed: ['pgrelay_processor'] },
  {
    what: 'claim for the top level',
    sql: 'select pgrelay.claim_toplevel_v1(1::smallint, 1, 1::smallint, 0)',
    allowed: ['pgrelay_processor'],
  },
  {
    what: 'record an effect',
    sql: "select pgrelay.record_effect_v1(1, 'x', '1')",
    allowed: ['pgrelay_processor'],
  },
  {
    what: 'recall an effect',
    sql: "select r.* from generate_series(1, 0) x, lateral pgrelay.recall_v1(1::smallint, 1, x, 'x') r",
    allowed: ['pgrelay_processor'],
  },
  { what: 'forget effects', sql: 'select pgrelay.forget_effects_v1()', allowed: ['pgrelay_processor'] },
  { what: 'read results of effects', sql: 'select * from pgrelay.effect', allowed: [] },
  { what: 'rescue', sql: 'select pgrelay.bury_v1(), pgrelay.rescue_v1()', allowed: ['pgrelay_processor'] },
  // The matrix asks inside a transaction block, which the procedure refuses: whoever gets that far may call it.
  { what: 'run without a Processor', sql: 'call pgrelay.run()', allowed: ['pgrelay_processor'] },
  { what: 'see what run would do', sql: 'select pgrelay.ready_sql_channels_v1()', allowed: ['pgrelay_processor'] },
  { what: 'build a private function', sql: "select pgrelay.build_action(1, 'select 1', 'public', true)", allowed: [] },
  {
    what: 'run a private function',
    sql: "select pgrelay_action.run_1('{}', '{}', false, now())",
    allowed: ['pgrelay'],
  },
  {
    what: 'make a function among the private ones',
    sql: 'create function pgrelay_action.mine() returns void language sql as $$$$',
    allowed: [],
  },
  { what: 'make a table in the schema', sql: 'create table pgrelay.mine ()', allowed: [] },
];

beforeAll(async () => {
  await db.query("select pgrelay.register_channel('open'), pgrelay.register_channel('sql', 'select 1')");
  for (const role of roles) {
    await db.query(`create role ${login(role)} login password '${password}'`);
    if (role !== 'nobody') await db.query(`grant ${role} to ${login(role)}`);
  }
});

afterAll(async () => {
  for (const role of roles) await db.query(`drop role ${login(role)}`);
});

describe.each(roles)('a login with role %s', (role) => {
  test.each(matrix)('$what', async ({ sql, allowed }) => {
    const client = await db.connect({ user: login(role), password });
    const [frame] = await db.query<{ name: string }>(
      "select 'run_' || id as name from pgrelay.channels where name = 'sql'",
    );
    await client.query('begin');
    const result = client.query(sql.replace('run_1', frame?.name ?? '')).then(
      () => 'allowed',
      (error) => (error.code === '2D000' ? 'allowed' : error.code),
    );
    expect(await result).toBe(allowed.includes(role) ? 'allowed' : '42501');
    await client.end();
  });
});

describe('the matrix is complete', () => {
  test('every function that a role may call stands in grants.sql for it: nothing is open to PUBLIC', async () => {
    const open = await db.query(
      "select p.oid::regprocedure::text as name from pg_proc p where p.pronamespace in ('pgrelay'::regnamespace, 'pgrelay_action'::regnamespace) and has_function_privilege($1, p.oid, 'execute')",
      [login('nobody')],
    );
    expect(open.filter((row) => !String(row.name).startsWith('pgrelay_action.'))).toEqual([]);
  });
});
