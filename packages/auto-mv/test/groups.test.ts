import { useDatabase } from '@pgrelay/test-support';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { group, groupRow, type Ledger, list, openLedger } from './support/groups.js';
import { withLogin } from './support/login.js';
import { declareChannel, isDirty, refresh, takeRequests } from './support/refresh.js';
import { registerDerived } from './support/watches.js';

const db = useDatabase();
beforeAll(() => declareChannel(db));

let ledger: Ledger;
beforeEach(async () => {
  await takeRequests(db);
  ledger = await openLedger(db, true);
});
afterEach(async () => {
  await db.query('select pgauto_mv.unregister_mv(m.view) from pgauto_mv.mv m');
  await db.query('select pgauto_mv.drop_group(g.name) from pgauto_mv.groups g');
});

const id = (place: number): string => ledger.ids[place] ?? '';
const view = (place: number): string => ledger.views[place] ?? '';
const write = () => db.query(`insert into ${ledger.entries} (l, r, n) values (1, 1, 1)`);
const call = (sql: string) => db.query(`select pgauto_mv.${sql}`);
const refreshed = async (mvId: string) => {
  const client = await db.connect();
  const result = await refresh(client, mvId);
  await client.end();
  return result;
};
const names = async () => (await groupRow(db, 'g'))['members'];

describe('a group', () => {
  test('has its members in the order in which they are refreshed, whatever order they were given in', async () => {
    await group(db, 'g', ledger.views);
    const row = await groupRow(db, 'g');
    expect(row['members']).toEqual([...ledger.views.slice(0, 2), view(3), view(2)]);
    expect(row).toMatchObject({ mode: 'concurrently', mode_reason: null, as_of: null, dirty: true, plain: false });
    expect(row['max_duration']).toMatchObject({ minutes: 1 });
  });

  test('is refreshed as a whole, by a request for any member, and then shows one instant', async () => {
    await group(db, 'g', ledger.views);
    expect(await refreshed(id(3))).toEqual({ kind: 'done', mode: 'concurrently', reason: null });
    const row = await groupRow(db, 'g');
    expect(row).toMatchObject({
      dirty: false,
      failing: null,
      as_of: expect.any(Date),
      member_costs: expect.anything(),
    });
    const rows = await db.query<{ as_of: Date; group_name: string; refreshes: number }>(
      'select as_of, group_name, refreshes::int from pgauto_mv.freshness where id = any ($1)',
      [ledger.ids],
    );
    expect(rows).toEqual(Array(4).fill({ as_of: row['as_of'], group_name: 'g', refreshes: 1 }));
    await write();
    expect(await Promise.all(ledger.ids.map((mvId) => isDirty(db, mvId)))).toEqual([true, true, false, true]);
    expect(await refreshed(id(2))).toMatchObject({ kind: 'done' });
    expect(await Promise.all(ledger.ids.map((mvId) => isDirty(db, mvId)))).toEqual([false, false, false, false]);
    const client = await db.connect();
    expect(await refresh(client, id(0), 'trigger', null)).toMatchObject({ kind: 'skipped', reason: 'fresh' });
  });

  test('a token is in all members or in none', async () => {
    await group(db, 'g', ledger.views);
    await refreshed(id(0));
    const [row] = await db.query<{ token: string }>(
      `with w as (insert into ${ledger.entries} (l, r, n) values (2, 2, 2)) select pg_current_xact_id()::text as token`,
    );
    const fresh = async () =>
      (
        await db.query<{ fresh: boolean }>(
          'select pgauto_mv.is_fresh(v::regclass, $2::xid8) as fresh from unnest($1::text[]) v',
          [ledger.views, row?.token],
        )
      ).map((answer) => answer.fresh);
    expect(await fresh()).toEqual([false, false, false, false]);
    await refreshed(id(2));
    expect(await fresh()).toEqual([true, true, true, true]);
  });

  test('changes its members, and each that leaves is refreshed by itself again', async () => {
    await group(db, 'g', ledger.views);
    await refreshed(id(0));
    await call(`alter_group('g', ${list(ledger.views.slice(0, 2))}, p_max_duration => '2 min')`);
    expect(await names()).toEqual(ledger.views.slice(0, 2));
    expect((await groupRow(db, 'g'))['max_duration']).toMatchObject({ minutes: 2 });
    expect(await isDirty(db, id(0))).toBe(false);
    await write();
    await refreshed(id(3));
    expect([await isDirty(db, id(0)), await isDirty(db, id(3))]).toEqual([true, false]);
    await call(`alter_group('g', ${list([view(0), view(1), view(3)])})`);
    expect(await isDirty(db, id(3))).toBe(true);
    await call("drop_group('g')");
    expect(await db.query('select from pgauto_mv.groups')).toEqual([]);
    await refreshed(id(0));
    expect([await isDirty(db, id(0)), await isDirty(db, id(1))]).toEqual([false, true]);
    const log = await db.query<{ reason: string }>(
      "select reason from pgauto_mv.log where mv_id = $1 and kind = 'repair' order by id",
      [id(3)],
    );
    expect(log.map(({ reason }) => reason)).toEqual([
      'joined the group g',
      'left the group g',
      'joined the group g',
      'left the group g',
    ]);
  });

  test('a refresh that was claimed and not begun loses its claim to the group', async () => {
    const [claim] = await db.query<{ epoch: string }>(
      "select epoch from pgauto_mv.begin_refresh_v1($1, 'now', null, '1 min')",
      [id(0)],
    );
    await group(db, 'g', ledger.views);
    const late = await db.connect();
    await late.query('begin isolation level repeatable read');
    await expect(
      late.query("select * from pgauto_mv.enter_refresh_v1($1, $2, '1 min', '1 s', '1 s')", [id(0), claim?.epoch]),
    ).rejects.toMatchObject({ code: 'PM013' });
    await late.query('rollback');
    expect(await refreshed(id(1))).toMatchObject({ kind: 'done' });
  });

  test('a group that has changed since it was claimed is not refreshed', async () => {
    await group(db, 'g', ledger.views);
    const [claim] = await db.query<{ members: string[]; epochs: string[] }>(
      "select members::text[], epochs::text[] from pgauto_mv.begin_group_refresh_v1($1, 'now', null, '1 min')",
      [id(0)],
    );
    await call(`alter_group('g', ${list(ledger.views.slice(0, 2))})`);
    const late = await db.connect();
    await late.query('begin isolation level repeatable read');
    await expect(
      late.query("select * from pgauto_mv.enter_group_refresh_v1($1, $2, '1 min', '1 s')", [
        claim?.members,
        claim?.epochs,
      ]),
    ).rejects.toMatchObject({ code: '40001' });
  });

  test('is left alone by a Processor that knows no groups: no member is refreshed by itself', async () => {
    await group(db, 'g', ledger.views);
    for (const source of ['trigger', 'now']) {
      const rows = await db.query("select * from pgauto_mv.begin_refresh_v1($1, $2, null, '1 min')", [id(0), source]);
      expect(rows).toEqual([{ outcome: 'group', epoch: null, pid: null, retry_ms: '1000' }]); // which it skips, and comes back
    }
    expect(await refreshed(id(0))).toMatchObject({ kind: 'done' });
  });

  test('that was restored into another cluster knows no instant until it is refreshed there, as a whole', async () => {
    await group(db, 'g', ledger.views);
    await refreshed(id(0));
    await db.query('update pgrelay.node set system_identifier = system_identifier + id where is_this');
    await db.query('select pgauto_mv.plan_v1()');
    expect(await groupRow(db, 'g')).toMatchObject({ as_of: null, dirty: true });
    expect(await refreshed(id(2))).toMatchObject({ kind: 'done' });
    expect(await groupRow(db, 'g')).toMatchObject({ as_of: expect.any(Date), dirty: false });
  });

  test('only one refresh has it, whichever member was asked for', async () => {
    await group(db, 'g', ledger.views);
    const begin = async (mvId: string) =>
      (await db.query("select outcome from pgauto_mv.begin_group_refresh_v1($1, 'now', null, '1 min')", [mvId]))[0];
    const [holder] = [await db.connect()];
    const claim = await holder.query("select outcome from pgauto_mv.begin_group_refresh_v1($1, 'now', null, '1 min')", [
      id(0),
    ]);
    expect(claim.rows).toEqual([{ outcome: 'go' }]);
    for (const mvId of ledger.ids) expect(await begin(mvId)).toEqual({ outcome: 'in progress' });
    await holder.end();
  });
});

describe('create_group refuses', () => {
  const refusal = async (sql: string) =>
    (
      await call(sql).then(
        () => undefined,
        (error) => error as { code: string; hint: string },
      )
    )?.code;

  test('a name that is none or is taken, and times that cannot be', async () => {
    const views = list(ledger.views);
    expect(await refusal(`create_group('', ${views})`)).toBe('PM120');
    expect(await refusal(`create_group(null, ${views})`)).toBe('PM120');
    expect(await refusal(`create_group(E'a\\nb', ${views})`)).toBe('PM120');
    expect(await refusal(`create_group('g', ${views}, p_max_duration => '0')`)).toBe('PM008');
    expect(await refusal(`create_group('g', ${views}, p_max_duration => '2 days')`)).toBe('PM008');
    await group(db, 'g', ledger.views.slice(0, 2));
    expect(await refusal(`create_group('g', ${list(ledger.views.slice(2))})`)).toBe('PM120');
    expect(await refusal("alter_group('h', p_plain => true)")).toBe('PM121');
    expect(await refusal("drop_group('h')")).toBe('PM121');
  });

  test('members that cannot be: unknown, too few, in another group', async () => {
    await db.query(`create materialized view ${ledger.schema}.stranger as select 1 as n`);
    expect(await refusal(`create_group('g', ${list([view(0), `${ledger.schema}.stranger`])})`)).toBe('PM004');
    expect(await refusal(`create_group('g', array['${view(0)}', null]::regclass[])`)).toBe('PM004');
    expect(await refusal("create_group('g', '{}')")).toBe('PM123');
    expect(await refusal("create_group('g', null)")).toBe('PM123');
    expect(await refusal(`create_group('g', ${list([view(0), view(0)])})`)).toBe('PM123');
    await group(db, 'g', ledger.views.slice(0, 2));
    expect(await refusal(`create_group('h', ${list([view(0), view(3)])})`)).toBe('PM122');
    expect(await db.query('select name from pgauto_mv.groups')).toEqual([{ name: 'g' }]);
  });

  test('a mixture of members with and without a unique index, unless all are to be plain', async () => {
    const bare = await openLedger(db, false);
    const mixed = list([view(0), bare.views[0] ?? '']);
    expect(await refusal(`create_group('g', ${mixed})`)).toBe('PM124');
    await call(`create_group('g', ${mixed}, p_plain => true)`);
    await refreshed(id(0));
    expect(await refreshed(id(0))).toEqual({ kind: 'done', mode: 'plain', reason: 'the group is refreshed plainly' });
    expect(await refusal("alter_group('g', p_plain => false)")).toBe('PM124');
    await db.query(`create unique index on ${bare.views[0]} (key)`);
    await call("alter_group('g', p_plain => false)");
    expect(await refreshed(id(0))).toEqual({ kind: 'done', mode: 'concurrently', reason: null });
  });

  test('a view outside between two members, also when it comes there later', async () => {
    expect(await refusal(`create_group('g', ${list([view(0), view(2)])})`)).toBeUndefined();
    await call("drop_group('g')");
    const between = `${ledger.schema}.between`;
    await db.query(`create materialized view ${between} as select sum(n) as n from ${view(0)}`);
    await db.query(`create materialized view ${ledger.schema}.last as select n as key from ${between}`);
    await db.query(`create unique index on ${ledger.schema}.last (key)`);
    const lower = await registerDerived(db, `${ledger.schema}.last`);
    await registerDerived(db, between);
    await call(`alter_mv('${ledger.schema}.last'::regclass, p_reset => array['watch_tables'])`);
    expect(lower).not.toBe('');
    expect(await refusal(`create_group('g', ${list([view(0), `${ledger.schema}.last`])})`)).toBe('PM080');
    await group(db, 'g', [view(0), view(3)]);
    expect(await refusal(`alter_mv('${view(3)}'::regclass, p_chain => array['${between}']::regclass[])`)).toBe('PM080');
  });

  test('a view that the login of a Processor, or the caller, may not refresh', async () => {
    await withLogin(db, ['pgrelay_admin'], async (client) => {
      await expect(client.query(`select pgauto_mv.create_group('g', ${list(ledger.views)})`)).rejects.toMatchObject({
        code: expect.stringMatching(/^(PM040|42501)$/),
      });
    });
  });
});

describe('a member', () => {
  test('that fails takes the whole group back, and is named', async () => {
    await db.query(
      `create materialized view ${ledger.schema}.ratio as select 1 as key, 1 / (select count(*) - 101 from ${ledger.entries}) as n`,
    );
    await db.query(`create unique index on ${ledger.schema}.ratio (key)`);
    const ratio = await registerDerived(db, `${ledger.schema}.ratio`, ', p_cooldown => 0');
    await group(db, 'g', [...ledger.views, `${ledger.schema}.ratio`]);
    expect(await refreshed(id(0))).toMatchObject({ kind: 'done' });
    const before = (await groupRow(db, 'g'))['as_of'];
    await write();
    expect(await refreshed(id(0))).toMatchObject({ kind: 'failed', sqlstate: '22012' });
    expect(await groupRow(db, 'g')).toMatchObject({
      as_of: before,
      failing: `${ledger.schema}.ratio`,
      skip_reason: expect.anything(),
    });
    expect(await Promise.all([...ledger.ids, ratio].map((mvId) => isDirty(db, mvId)))).toEqual([
      true,
      true,
      false,
      true,
      true,
    ]);
    const [problem] = await db.query<{ evidence: string; remedy: string }>(
      "select evidence, remedy from pgauto_mv.get_mv_problems() where code = 'group_failing'",
    );
    expect(problem?.evidence).toContain(`${ledger.schema}.ratio failed 1 times in a row`);
    expect(
      await db.query(
        "select outcome, reason from pgauto_mv.log where mv_id = $1 and kind = 'attempt' order by id desc limit 1",
        [id(0)],
      ),
    ).toEqual([{ outcome: 'released', reason: `${ledger.schema}.ratio, of the same group, failed` }]);
    await db.query(problem?.remedy ?? '');
    expect(await refreshed(id(0))).toMatchObject({ kind: 'done' });
    expect(await db.query("select from pgauto_mv.get_mv_problems() where object = 'group g'")).toEqual([]);
  });

  test('has its own statement timeout, and its own work_mem', async () => {
    for (const name of ['first', 'second', 'sleeping']) {
      const query = name === 'sleeping' ? 'pg_sleep(3600)::text' : "current_setting('work_mem')";
      await db.query(`create materialized view ${ledger.schema}.${name} as select ${query} as key with no data`);
    }
    const own = await registerDerived(db, `${ledger.schema}.first`, ", p_work_mem => '5MB'");
    await registerDerived(db, `${ledger.schema}.second`);
    const sleeping = await registerDerived(db, `${ledger.schema}.sleeping`, ", p_statement_timeout => '200 ms'");
    const members = ['first', 'second', 'sleeping'].map((name) => `${ledger.schema}.${name}`);
    await group(db, 'g', members);
    expect(await refreshed(own)).toMatchObject({ kind: 'failed', sqlstate: '57014' });
    expect((await groupRow(db, 'g'))['failing']).toBe(members[2]);
    const [state] = await db.query('select failures, failed_sqlstate from pgauto_mv.freshness where id = $1', [
      sleeping,
    ]);
    expect(state).toEqual({ failures: 1, failed_sqlstate: '57014' });
    await call(`alter_group('g', ${list(members.slice(0, 2))})`);
    expect(await refreshed(own)).toMatchObject({ kind: 'done' });
    const [memory] = await db.query<{ a: string; b: string }>(
      `select (select key from ${members[0]}) as a, (select key from ${members[1]}) as b`,
    );
    expect(memory?.a).toBe('5MB');
    expect(memory?.b).not.toBe('5MB');
  });

  test('that is dropped is left out, and comes back when it is made again; one that is unregistered leaves', async () => {
    await group(db, 'g', ledger.views);
    await refreshed(id(0));
    await db.query(`drop materialized view ${view(3)}`);
    expect(await names()).toEqual(ledger.views.slice(0, 3));
    await write();
    expect(await refreshed(id(0))).toMatchObject({ kind: 'done' });
    await db.query(`create materialized view ${view(3)} as select id as key, n from ${ledger.entries}`);
    await db.query(`create unique index on ${view(3)} (key)`);
    await call('sync_mv()');
    expect(await names()).toEqual([...ledger.views.slice(0, 2), view(3), view(2)]);
    expect(await refreshed(id(0))).toMatchObject({ kind: 'done' });
    expect((await groupRow(db, 'g'))['as_of']).toEqual(expect.any(Date));
    await call(`unregister_mv('${view(3)}'::regclass)`);
    expect(await names()).toEqual(ledger.views.slice(0, 3));
    expect(
      await db.query("select reason from pgauto_mv.log where mv_id = $1 and kind = 'repair' order by id desc limit 1", [
        id(3),
      ]),
    ).toEqual([{ reason: 'left the group g' }]);
  });

  test('that is renamed stays one', async () => {
    await group(db, 'g', ledger.views);
    await db.query(`alter materialized view ${view(0)} rename to renamed`);
    await call('sync_mv()');
    expect(await names()).toEqual([`${ledger.schema}.renamed`, view(1), view(3), view(2)]);
    expect(await refreshed(id(1))).toMatchObject({ kind: 'done' });
  });

  test('is explained with its group', async () => {
    await group(db, 'g', ledger.views);
    await refreshed(id(0));
    const [fact] = await db.query<{ object: string; detail: string }>(
      "select object, detail from pgauto_mv.explain_mv($1) where topic = 'group'",
      [view(2)],
    );
    expect(fact?.object).toBe('g');
    expect(fact?.detail).toMatch(
      /^refreshed in one transaction, CONCURRENTLY, in this order: .*; the last one took .*; all show the instant /,
    );
  });
});

test('a viewer sees groups, their problems and what explain_mv() says of them', async () => {
  await group(db, 'g', ledger.views, ", p_max_duration => '1 us'");
  await refreshed(id(0));
  await withLogin(db, ['pgrelay_viewer'], async (client) => {
    expect((await client.query('select name, dirty, mode from pgauto_mv.groups')).rows).toEqual([
      { name: 'g', dirty: false, mode: 'concurrently' },
    ]);
    expect((await client.query("select code from pgauto_mv.get_mv_problems() where object = 'group g'")).rows).toEqual([
      { code: 'group_too_expensive' },
    ]);
    const { rows } = await client.query(
      "select from pgauto_mv.explain_mv((select f.view from pgauto_mv.freshness f where f.id = $1)::regclass) where topic = 'group'",
      [id(0)],
    );
    expect(rows).toHaveLength(1);
  });
});

describe('the remedy as it is printed mends', () => {
  const mend = async (code: string, done = true) => {
    const found = () =>
      db.query<{ evidence: string; remedy: string }>(
        "select evidence, remedy from pgauto_mv.get_mv_problems() where code = $1 and object = 'group g'",
        [code],
      );
    const [problem] = await found();
    expect(problem?.evidence, code).toMatch(/\w/);
    await db.query(problem?.remedy ?? '');
    if (done) await refreshed(id(0));
    expect(await found()).toEqual([]);
    return problem?.evidence ?? '';
  };

  test('a group that is too expensive for one transaction: the cost of each member is told', async () => {
    await group(db, 'g', ledger.views, ", p_max_duration => '1 ms'");
    await refreshed(id(0));
    await db.query(`update pgauto_mv.state set done_cost = '40 s' where mv_id = $1`, [id(3)]);
    const evidence = await mend('group_too_expensive', false);
    expect(evidence).toContain(`${view(3)} 40.000 s`);
    for (const other of ledger.views) expect(evidence).toContain(`${other} `);
    await call("alter_group('g', p_max_duration => '1 ms')");
    const [problem] = await db.query<{ remedy: string }>(
      "select remedy from pgauto_mv.get_mv_problems() where code = 'group_too_expensive'",
    );
    await db.query(/shows an instant of its own: (.*)$/.exec(problem?.remedy ?? '')?.[1] ?? '');
    expect(await names()).toEqual([view(0), view(1), view(2)]);
  });

  test('one that is held by a paused member, or a gated source', async () => {
    await group(db, 'g', ledger.views);
    await refreshed(id(0));
    await call(`pause_mv('${view(1)}'::regclass)`);
    await write();
    const client = await db.connect();
    expect(await refresh(client, id(0), 'trigger', null)).toMatchObject({ kind: 'skipped', reason: 'paused' });
    expect(await groupRow(db, 'g')).toMatchObject({ skip_reason: 'paused', held_by: view(1) });
    expect(await mend('group_held')).toContain(`${view(1)} is paused`);
    await call(`gate_source('${ledger.entries}')`);
    await mend('group_held');
  });

  test('one that lost the index by which it was CONCURRENTLY', async () => {
    await group(db, 'g', ledger.views);
    await refreshed(id(0));
    await db.query(`drop index ${ledger.schema}.flat_key_idx`);
    expect(await refreshed(id(0))).toEqual({
      kind: 'done',
      mode: 'plain',
      reason: `${view(3)} of the group: the view has no unique index`,
    });
    expect(await mend('group_plain')).toContain(view(3));
  });

  test('one with fewer than two views', async () => {
    await group(db, 'g', [view(0), view(3)]);
    await call(`unregister_mv('${view(3)}'::regclass)`);
    expect(await refreshed(id(0))).toMatchObject({ kind: 'done' });
    await mend('group_too_small');
  });

  test('one that reads a view which is no member, and so shows two instants', async () => {
    await group(db, 'g', [view(2), view(3)]);
    await refreshed(id(0));
    await refreshed(id(1));
    await refreshed(id(2));
    expect((await groupRow(db, 'g'))['as_of']).toBeNull();
    await mend('group_reads_outside');
    await refreshed(id(0));
    expect((await groupRow(db, 'g'))['as_of']).toEqual(expect.any(Date));
  });
});
