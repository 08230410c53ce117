import { useDatabase } from '@pgrelay/test-support';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { busyWriter } from './support/busy.js';
import { declareChannel, isDirty, refresh, requests, takeRequests } from './support/refresh.js';
import { addView, openShop, type Shop, watch } from './support/shop.js';

const db = useDatabase();
let shop: Shop;

beforeAll(() => declareChannel(db));
beforeEach(async () => {
  await db.query('select pgauto_mv.unregister_mv(m.view) from pgauto_mv.mv m');
  await takeRequests(db);
  shop = await openShop(db);
});

/** Calls alter_mv() in its published form; what follows the names begins with a comma. */
const alter = (changes: string) => db.query(`select pgauto_mv.alter_mv('daily', '${shop.schema}'${changes})`);

const orders = (events: string) => `array[pgauto_mv.mv_watch('${shop.orders}', '${events}')]`;

async function settings(id: string): Promise<Record<string, unknown> | undefined> {
  const [row] = await db.query(
    `select refresh_lag::float8, max_wait::float8, cooldown::float8, statement_timeout::text, lock_timeout::text, work_mem,
       schedule, safety_refresh::text, fire_on_replica, channel, derived from pgauto_mv.mv where id = $1`,
    [id],
  );
  return row;
}

async function watches(id: string): Promise<string[]> {
  const rows = await db.query<{ watch: string }>(
    `select w.operation || ' ' || w.relation as watch from pgauto_mv.watches w where mv_id = $1 order by 1`,
    [id],
  );
  return rows.map((row) => row.watch);
}

/** What the triggers on a table fire for, of those that belong to a watch. */
async function triggers(table: string): Promise<string[]> {
  const rows = await db.query<{ event: string }>(
    `select substring(pg_get_triggerdef(t.oid) from 'AFTER (\\w+)') as event from pg_trigger t
     where t.tgrelid = $1::regclass and not t.tgisinternal order by 1`,
    [table],
  );
  return rows.map((row) => row.event);
}

/** A registered view that has been refreshed. */
async function fresh(events: string, options = ''): Promise<string> {
  const id = await watch(db, shop, events, options);
  await refresh(await db.connect(), id);
  return id;
}

const defaults = {
  refresh_lag: 0,
  max_wait: 0,
  cooldown: 2,
  statement_timeout: null,
  lock_timeout: null,
  work_mem: null,
  schedule: null,
  safety_refresh: null,
  fire_on_replica: false,
  channel: null,
  derived: false,
};

describe('settings', () => {
  test('change where they are given, stay where they are not, and go back to their defaults by name', async () => {
    await db.query("select pgrelay.register_channel('refreshed')");
    const id = await fresh('INSERT', ', p_work_mem => null');
    expect(await settings(id)).toEqual(defaults);
    await alter(`, p_refresh_lag => 1.5, p_max_wait => 60, p_cooldown => 3, p_statement_timeout => '5 min', p_lock_timeout => '2 s',
      p_work_mem => '5MB', p_schedule => '5 minutes', p_safety_refresh => '1 day', p_channel => 'refreshed'`);
    const changed = {
      refresh_lag: 1.5,
      max_wait: 60,
      cooldown: 3,
      statement_timeout: '00:05:00',
      lock_timeout: '00:00:02',
      work_mem: '5MB',
      schedule: '5 minutes',
      safety_refresh: '1 day',
      fire_on_replica: false,
      channel: 'refreshed',
      derived: false,
    };
    expect(await settings(id)).toEqual(changed);
    await db.query(`select pgauto_mv.alter_mv('${shop.view}'::regclass, p_cooldown => 0)`);
    expect(await settings(id)).toEqual({ ...changed, cooldown: 0 });
    await alter('');
    expect(await settings(id)).toEqual({ ...changed, cooldown: 0 });
    await alter(`, p_reset => array['cooldown', 'work_mem', 'statement_timeout', 'channel'], p_max_wait => 0`);
    expect(await settings(id)).toEqual({
      ...changed,
      cooldown: 2,
      max_wait: 0,
      work_mem: null,
      statement_timeout: null,
      channel: null,
    });
    expect(await isDirty(db, id)).toBe(false);
    expect(await watches(id)).toEqual([`INSERT ${shop.orders}`]);
  });

  test('can all be given to register_mv, in both forms', async () => {
    await db.query("select pgrelay.register_channel('told')");
    const given = `, p_work_mem => '8MB', p_schedule => '1 hour', p_safety_refresh => '2 days', p_fire_on_replica => true, p_channel => 'told'`;
    const expected = {
      work_mem: '8MB',
      schedule: '1 hour',
      safety_refresh: '2 days',
      fire_on_replica: true,
      channel: 'told',
    };
    expect(await settings(await watch(db, shop, 'INSERT', given))).toMatchObject(expected);
    await addView(db, shop, 'counted');
    const [row] = await db.query<{ id: string }>(
      `select pgauto_mv.register_mv('${shop.schema}.counted'::regclass${given}) as id`,
    );
    expect(await settings(row?.id ?? '')).toMatchObject({ ...expected, derived: true });
  });

  test('count from the next look of the planner, for changes seen before as well', async () => {
    const id = await fresh('INSERT', ', p_refresh_lag => 1000, p_cooldown => 0');
    await db.query(`insert into ${shop.orders} (amount) values (1)`);
    await db.query('select pgauto_mv.plan_v1()');
    expect(await requests(db, id)).toEqual([]);
    await alter(', p_refresh_lag => 0');
    await db.query('select pgauto_mv.plan_v1()');
    expect(await requests(db, id)).toEqual([{ mv: id, source: 'trigger' }]);
  });

  test('of a refresh are those of the one that begins next', async () => {
    const id = await fresh('INSERT');
    await alter(`, p_work_mem => '5MB', p_statement_timeout => '7 s', p_lock_timeout => '3 s'`);
    await db.query(`insert into ${shop.orders} (amount) values (1)`);
    const refresher = await db.session('refresher');
    const [claim] = await refresher.query<{ epoch: string }>(
      "select epoch from pgauto_mv.begin_refresh_v1($1, 'now', null, '1 h')",
      [id],
    );
    await refresher.query('begin isolation level repeatable read');
    await refresher.query("select pgauto_mv.enter_refresh_v1($1, $2, '1 h', '1 s', '1 s')", [id, claim?.epoch]);
    expect(
      await refresher.query(
        "select current_setting('work_mem') as memory, current_setting('statement_timeout') as statement, current_setting('lock_timeout') as lock",
      ),
    ).toEqual([{ memory: '5MB', statement: '7s', lock: '3s' }]);
    await refresher.query('rollback');
  });

  test('work_mem is tried, and the session keeps its own', async () => {
    await fresh('INSERT');
    const session = await db.session('registrar');
    await session.query("set work_mem = '6MB'");
    await session.query('begin');
    await session.query(`select pgauto_mv.alter_mv('${shop.view}'::regclass, p_work_mem => '9MB')`);
    expect(await session.query('show work_mem')).toEqual([{ work_mem: '6MB' }]);
    await session.query('commit');
  });

  test('a cooldown above max_wait is a warning', async () => {
    await fresh('INSERT');
    const client = await db.connect();
    const warnings: (string | undefined)[] = [];
    client.on('notice', (notice) => warnings.push(`${notice.severity}: ${notice.message}`));
    await client.query(`select pgauto_mv.alter_mv('${shop.view}'::regclass, p_max_wait => 1)`);
    expect(warnings).toEqual([
      expect.stringMatching(/^WARNING: the cooldown of 2 s is longer than the max_wait of 1 s/),
    ]);
  });
});

describe('watches', () => {
  test('are replaced: new triggers on, old ones off, the view dirty, and other views keep theirs', async () => {
    await addView(db, shop, 'counted');
    const other = await watch(db, shop, 'INSERT', '', 'counted');
    const id = await fresh('INSERT,DELETE');
    await db.query(`delete from ${shop.orders}`);
    await refresh(await db.connect(), id);
    await alter(`, p_watch_tables => ${orders('UPDATE')}`);
    expect(await watches(id)).toEqual([`UPDATE ${shop.orders}`]);
    expect(await watches(other)).toEqual([`INSERT ${shop.orders}`]);
    expect(await triggers(shop.orders)).toEqual(['INSERT', 'UPDATE']);
    expect(await isDirty(db, id)).toBe(true);
    await refresh(await db.connect(), id);
    await db.query(`insert into ${shop.orders} (amount) values (1)`);
    expect(await isDirty(db, id)).toBe(false);
    await db.query(`update ${shop.orders} set amount = 2`);
    expect(await isDirty(db, id)).toBe(true);
  });

  test('that are those it has already change nothing, not even that the view is fresh', async () => {
    const id = await fresh('INSERT,UPDATE');
    await alter(`, p_watch_tables => ${orders('update, insert')}`);
    expect(await isDirty(db, id)).toBe(false);
  });

  test('go back to what the query reads, and from there to chosen ones, or none', async () => {
    await db.query(
      `create function ${shop.schema}.opaque() returns integer language plpgsql stable as 'begin return 1; end'`,
    );
    await db.query(
      `create materialized view ${shop.schema}.odd as select ${shop.schema}.opaque() as n, count(*) as c from ${shop.orders}`,
    );
    const id = await watch(db, shop, 'INSERT', '', 'odd');
    const client = await db.connect();
    const notices: (string | undefined)[] = [];
    client.on('notice', (notice) => notices.push(notice.message));
    const call = (changes: string) => client.query(`select pgauto_mv.alter_mv('odd', '${shop.schema}', ${changes})`);
    const unwatched = () =>
      db.query("select from pgauto_mv.get_mv_problems() where code = 'not_watched' and object = $1", [
        `${shop.schema}.odd`,
      ]);
    await call("p_reset => array['watch_tables']");
    expect(notices).toEqual([expect.stringContaining('which cannot be watched')]);
    expect(await watches(id)).toHaveLength(3);
    expect(await settings(id)).toMatchObject({ derived: true });
    expect(await unwatched()).toHaveLength(1);
    await call(`p_watch_tables => ${orders('UPDATE')}`);
    expect([await watches(id), await unwatched()]).toEqual([[`UPDATE ${shop.orders}`], []]);
    expect(await settings(id)).toMatchObject({ derived: false });
    await call("p_watch_tables => '{}'");
    expect([await watches(id), await triggers(shop.orders)]).toEqual([[], []]);
  });

  test('of a table that is busy are left to the Processors', async () => {
    const id = await fresh('INSERT');
    const extra = `${shop.schema}.extra`;
    await db.query(`create table ${extra} (id integer default 1)`);
    const writer = await busyWriter(db, extra);
    await alter(`, p_watch_tables => array[pgauto_mv.mv_watch('${extra}', 'INSERT')]`);
    expect(await db.query('select installing, dirty from pgauto_mv.freshness where id = $1', [id])).toEqual([
      { installing: true, dirty: true },
    ]);
    expect(await triggers(shop.orders)).toEqual([]);
    await writer.query('commit');
    expect(await db.query('select relation from pgauto_mv.install_v1()')).toEqual([{ relation: extra }]);
    expect(await db.query('select installing, dirty from pgauto_mv.freshness where id = $1', [id])).toEqual([
      { installing: false, dirty: true },
    ]);
  });

  test('no change is lost between: a writer that waits for the new trigger is noted by it', async () => {
    const id = await fresh('UPDATE');
    const registrar = await db.session('registrar');
    await registrar.query('begin');
    await registrar.query(`select pgauto_mv.alter_mv('${shop.view}'::regclass, ${orders('INSERT')})`);
    const writer = await db.session('writer');
    const written = writer.start(`insert into ${shop.orders} (amount) values (3)`);
    await writer.untilBlocked();
    await registrar.query('commit');
    await written;
    const rows = await db.query('select pending_changes::int as n from pgauto_mv.freshness where id = $1', [id]);
    expect(rows).toEqual([{ n: 0 }]); // with snap NULL nothing is counted
    expect(
      await db.query(
        'select from pgauto_mv.change c join pgauto_mv.watches w on w.watch_id = c.watch_id where w.mv_id = $1',
        [id],
      ),
    ).toHaveLength(1);
    await refresh(await db.connect(), id);
    expect(await db.query(`select revenue::int from ${shop.view}`)).toEqual([{ revenue: 3 }]);
  });

  test('a refresh that read before the change does not make the view clean, not even the first one', async () => {
    const id = await watch(db, shop, 'UPDATE');
    const refresher = await db.session('refresher');
    const [claim] = await refresher.query<{ epoch: string }>(
      "select epoch from pgauto_mv.begin_refresh_v1($1, 'first', null, '1 h')",
      [id],
    );
    await refresher.query('begin isolation level repeatable read');
    await refresher.query("select pgauto_mv.enter_refresh_v1($1, $2, '1 h', '1 s', '1 s')", [id, claim?.epoch]);
    await db.query(`insert into ${shop.orders} (amount) values (8)`); // no watch sees it
    const registrar = await db.session('registrar');
    const altered = registrar.start(`select pgauto_mv.alter_mv('${shop.view}'::regclass, ${orders('INSERT')})`);
    await registrar.untilBlocked();
    expect(
      await db.query("select from pg_locks where relation = $1::regclass and mode = 'ShareRowExclusiveLock'", [
        shop.orders,
      ]),
    ).toEqual([]); // while it waits for the refresh, writers wait for nothing
    await refresher.query(`refresh materialized view ${shop.view}`);
    await refresher.query("select pgauto_mv.finish_refresh_v1($1, $2, 'first', 'plain', null)", [id, claim?.epoch]);
    await refresher.query('commit');
    await altered;
    expect(await isDirty(db, id)).toBe(true);
    await refresh(await db.connect(), id);
    expect(await db.query(`select revenue::int from ${shop.view}`)).toEqual([{ revenue: 8 }]);
  });

  test('fire_on_replica, which decides what the triggers see, makes the view dirty too', async () => {
    const id = await fresh('INSERT');
    await alter(', p_fire_on_replica => false');
    expect(await isDirty(db, id)).toBe(false);
    await alter(', p_fire_on_replica => true');
    expect(await isDirty(db, id)).toBe(true);
    expect(await settings(id)).toMatchObject({ fire_on_replica: true });
  });
});

describe('refused, with a code and a hint, and nothing changed', () => {
  const cases: readonly [string, string, string][] = [
    ['a view that is not registered', "select pgauto_mv.alter_mv('no', '$S', p_cooldown => 1)", 'PM004'],
    ['a setting that is none', "select pgauto_mv.alter_mv('daily', '$S', p_reset => array['lag'])", 'PM041'],
    ['NULL among them', "select pgauto_mv.alter_mv('daily', '$S', p_reset => array[null])", 'PM041'],
    [
      'a setting both given and reset',
      "select pgauto_mv.alter_mv('daily', '$S', p_cooldown => 1, p_reset => array['cooldown'])",
      'PM041',
    ],
    [
      'watches both given and reset',
      "select pgauto_mv.alter_mv('daily', '$S', p_watch_tables => '{}', p_reset => array['watch_tables'])",
      'PM041',
    ],
    ['a negative lag', "select pgauto_mv.alter_mv('daily', '$S', p_cooldown => 9, p_refresh_lag => -1)", 'PM008'],
    ['a NaN', "select pgauto_mv.alter_mv('daily', '$S', p_max_wait => 'NaN')", 'PM008'],
    ['a negative timeout', "select pgauto_mv.alter_mv('daily', '$S', p_lock_timeout => '-1 s')", 'PM008'],
    ['a safety refresh all the time', "select pgauto_mv.alter_mv('daily', '$S', p_safety_refresh => '0')", 'PM008'],
    ['no amount of memory', "select pgauto_mv.alter_mv('daily', '$S', p_work_mem => 'much')", 'PM041'],
    ['too little memory', "select pgauto_mv.alter_mv('daily', '$S', p_work_mem => '1kB')", 'PM041'],
    ['an empty schedule', "select pgauto_mv.alter_mv('daily', '$S', p_schedule => ' ')", 'PM041'],
    ['a schedule that is none', "select pgauto_mv.alter_mv('daily', '$S', p_schedule => 'now and then')", 'PM070'],
    ['a channel that does not exist', "select pgauto_mv.alter_mv('daily', '$S', p_channel => 'nowhere')", 'PR001'],
    [
      'the channel of the refreshes',
      "select pgauto_mv.alter_mv('daily', '$S', p_channel => 'pgauto_mv.refresh')",
      'PM041',
    ],
    [
      'a table that does not exist',
      "select pgauto_mv.alter_mv('daily', '$S', array[pgauto_mv.mv_watch('$S.no')], p_cooldown => 9)",
      'PM005',
    ],
    [
      'an event that is none',
      "select pgauto_mv.alter_mv('daily', '$S', array[pgauto_mv.mv_watch('$S.orders', 'UPSERT')])",
      'PM007',
    ],
  ];
  test.each(cases)('%s', async (_what, sql, code) => {
    const id = await fresh('INSERT');
    await expect(db.query(sql.replaceAll('$S', shop.schema))).rejects.toMatchObject({
      code,
      hint: expect.stringMatching(/\w/),
    });
    expect(await settings(id)).toEqual(defaults);
    expect([await watches(id), await isDirty(db, id)]).toEqual([[`INSERT ${shop.orders}`], false]);
  });

  test('the watches of a view that is gone; its times may be changed', async () => {
    await fresh('INSERT');
    await db.query(`drop materialized view ${shop.view}`);
    await expect(alter(`, p_watch_tables => ${orders('UPDATE')}`)).rejects.toMatchObject({ code: 'PM001' });
    await alter(', p_cooldown => 7');
    await db.query(`select pgauto_mv.unregister_mv('daily', '${shop.schema}')`);
  });

  test('a table the caller may not put triggers on', async () => {
    const id = await fresh('INSERT');
    const login = await db.login('pgrelay_admin');
    await db.query(`grant usage on schema ${shop.schema} to ${login.user}`);
    const admin = await db.connect(login);
    await admin.query(`select pgauto_mv.alter_mv('daily', '${shop.schema}', p_cooldown => 4)`);
    await expect(
      admin.query(`select pgauto_mv.alter_mv('daily', '${shop.schema}', ${orders('INSERT,UPDATE')})`),
    ).rejects.toMatchObject({
      code: 'PM010',
      hint: `Run as its owner: grant trigger on ${shop.orders} to ${login.user};`,
    });
    expect([await watches(id), await isDirty(db, id)]).toEqual([[`INSERT ${shop.orders}`], false]);
  });
});
