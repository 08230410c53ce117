import { readFile } from 'node:fs/promises';
import { type Session, useDatabase } from '@pgrelay/test-support';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { probes, triedRights } from './support/tried-rights.js';

const db = useDatabase();
let victim: Session;

/** The search_paths in which an attacker's schema, or the session's temporary one, comes before what is meant. */
const paths = ['evil, pg_catalog', 'evil, public', 'pg_temp, evil, pg_catalog', 'public'];

beforeAll(async () => {
  victim = await db.session('victim');
  await victim.query(await readFile(new URL('./support/plant.sql', import.meta.url), 'utf8'));
  await db.query(
    'create schema shop; create table shop.orders (n integer primary key, total integer); create materialized view shop.sum as select sum(total) as total from shop.orders; create materialized view shop.other as select count(*) as n from shop.orders; create table shop.done (what text); grant usage on schema shop to pgrelay; grant insert on shop.done to pgrelay',
  );
});

beforeEach(async () => {
  await db.query("select * from pgrelay.declare_handlers_v1(array['pgauto_mv.refresh'], array['leased'], true)");
  await db.query('alter sequence evil.hits restart');
});

/** Shows where something planted ran. */
async function send(sql: string): Promise<void> {
  await victim.query(sql).catch((error) => {
    throw error.code === 'HIJAK' ? new Error(`hijacked: ${sql}\n${error.where}`) : error;
  });
}

/** How often something planted has run. */
const hits = async () =>
  Number(
    (await db.query<{ n: string }>('select case when is_called then last_value else 0 end as n from evil.hits'))[0]?.n,
  );

describe.each(paths)('with search_path %s', (path) => {
  const tag = path.replaceAll(/\W/g, '_');

  test('nothing planted runs in the course of an event, whatever becomes of it, called by the login that installed the relay', async () => {
    await victim.query(`set search_path = ${path}`);
    await send(`select pgrelay.register_channel('${tag}.sql', 'insert into shop.done values ($1)')`);
    await send(`select pgrelay.register_channel('${tag}.bad', 'select $1::pg_catalog.int4')`);
    await send(
      `select pgrelay.register_channel('${tag}.later', 'select 1', p_check => false, p_parallel => true, p_on_failure => '${tag}.sql')`,
    );
    await send(`select pgrelay.register_channel('${tag}.top', array['vacuum'])`);
    await send(`select * from pgrelay.declare_handlers_v1(array['${tag}.h'], array['leased'], true)`);
    const ids = Object.fromEntries(
      (
        await db.query<{ name: string; id: number }>(
          "select split_part(name, '.', 2) as name, id from pgrelay.channels where name like $1",
          [`${tag}.%`],
        )
      ).map((row) => [row.name, row.id]),
    );
    await send(
      `select pgrelay.notify('${tag}.sql', 'x', p_priority => 3, p_dedup_key => 'k'), pgrelay.notify('${tag}.sql', 'x', p_dedup_key => 'k'), pgrelay.notify('${tag}.bad')`,
    );
    await send(
      `select pgrelay.notify_many('${tag}.h', array['a', 'b'], p_dedup_key => array['a', null], p_priority => array[1, 2]), pgrelay.notify('${tag}.h', p_run_at => 'tomorrow'), pgrelay.notify('${tag}.top')`,
    );
    await send(`select pgrelay.notify('${tag}.h', 'c', p_run_at => '2000-01-01'), pgrelay.notify('${tag}.later')`);
    const [slot] = await db.query<{ slot: number; epoch: string }>(
      "select slot, epoch from pgrelay.attach_v1('h', 1, 'v', 60000, 1, '{}')",
    );
    const fence = `${slot?.slot}::smallint, ${slot?.epoch}`;
    await send(`select pgrelay.enter_backend_v1(${fence}, 'test'), pgrelay.heartbeat_v1(${fence})`);
    await send(
      `select * from pgrelay.poll_v1(array[${ids['h']}]), pgrelay.horizon_v1(), pgrelay.marks_v1(10), pgrelay.arm_v1(), pgrelay.holders_v1(), pgrelay.find_lanes_v1()`,
    );
    await send(`select * from pgrelay.claim_v1(${fence}, 1::smallint, ${ids['h']}, 10)`);
    const held = (
      await db.query<{ id: string }>('select id::text from pgrelay.queue where slot = $1 order by place', [slot?.slot])
    ).map((row) => row.id);
    expect(held.length).toBeGreaterThan(2);
    await send(`select * from pgrelay.recall_v1(${fence}, ${held[0]}, 'e')`);
    await send(`select pgrelay.record_effect_v1(${held[0]}, 'e', '1')`);
    await send(
      `select * from pgrelay.settle_v1(${fence}, array[${held[0]}, ${held[1]}], array[1, 1], array['done', 'error'], array[0, 0], array[5, 5], array[0, 0], array[null, '{"sqlstate": "40001", "code": "x", "constraint": "y", "table": "z"}'::pg_catalog.jsonb])`,
    );
    await send(`select pgrelay.release_v1(${fence}, array[${held[2]}]), pgrelay.peek_v1(${ids['sql']}, 5)`);
    await send(`select * from pgrelay.reclaim_v1(${fence}), pgrelay.backends_v1(${fence})`);
    await send(`select * from pgrelay.claim_toplevel_v1(${fence}, 1::smallint, ${ids['top']})`);
    for (const name of ['sql', 'bad', 'later'])
      await send(`select * from pgrelay.run_batch_v1(${fence}, 1::smallint, ${ids[name]}, 10, false, 50)`);
    await send(`select pgrelay.notify('${tag}.sql')`);
    const [waiting] = await db.query<{ id: string }>('select id::text from pgrelay.events where channel = $1', [
      `${tag}.sql`,
    ]);
    await send(`select pgrelay.fail_v1(${fence}, 1::smallint, ${waiting?.id}, 5, '{"code": "x"}')`);
    await send(
      `select pgrelay.redrive_channel('${tag}.bad', p_sqlstate => '22', p_per_second => 5), pgrelay.redrive(${waiting?.id})`,
    );
    await send(
      `select pgrelay.pause_channel('${tag}.h'), pgrelay.disable_channel('${tag}.h'), pgrelay.resume_channel('${tag}.h')`,
    );
    await send('select pgrelay.maintain_v1(), pgrelay.forget_effects_v1()');
    await send('select * from pgrelay.get_problems()');
    await send('select * from pgrelay.events, pgrelay.processors, pgrelay.channels limit 1');
    await db.query('set role pgrelay_owner');
    await db.query("update pgrelay.instance set heartbeat_at = '2000-01-01' where alive");
    await db.query('reset role');
    await send('select * from pgrelay.bury_v1()');
    await send('select pgrelay.rescue_v1()');
    await send('call pgrelay.run(100)');
    await send(
      `select pgrelay.trace('00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'), pgrelay.notify('${tag}.h', 'd', p_dedup_key => 'd'), pgrelay.notify_many('${tag}.h', '{e}')`,
    );
    await send(`select pgrelay.after_all(array[${waiting?.id}], '${tag}.sql'), pgrelay.release_waiters()`);
    await send(
      `select x.*, y.*, pgrelay.snooze(e.id, '1 s'), pgrelay.traceparent(e.id) from pgrelay.events e, pgrelay.explain_event(e.id) x, pgrelay.lineage(e.id) y`,
    );
    await send(
      `select pgrelay.explain_event(${held[0]}), pgrelay.look_ended(${held[0]}), pgrelay.explain_event(-1), pgrelay.adopt_events(0::smallint)`,
    );
    await send(
      `select pgrelay.set_debounce('${tag}.h', '1 hour'), pgrelay.set_debounce('${tag}.later', '0', '0', '1 s'), pgrelay.set_expiry('${tag}.later', '1 hour')`,
    );
    await send(
      `select pgrelay.notify('${tag}.h', 'a', p_dedup_key => 'k'), pgrelay.notify('${tag}.later', 'b'), pgrelay.notify_many('${tag}.later', '{c,d}')`,
    );
    await send(`select pgrelay.notify('${tag}.sql', p_dedup_key => 'w', p_dedup_window => '1 hour')`);
    await send(
      `select x.* from pgrelay.events e, pgrelay.explain_event(e.id) x; select pgrelay.promote_v1(10); select * from pgrelay.debounces`,
    );
    await send('call pgrelay.run(100)');
    await send('select pgrelay.expire_events(), pgrelay.maintain_v1()');
    await send(
      `select pgrelay.declare_debounces_v1(array['${tag}.h'], array['{"lagMs": 5}'::pg_catalog.jsonb]), pgrelay.unset_debounce('${tag}.h')`,
    );
    await send(`select pgrelay.forget_failed_v1('1 day'), pgrelay.forget_causes_v1()`);
    await send(`call pgrelay.purge('${tag}.h', p_stages => '{failed}', p_batch => 1)`);
    await send(`call pgrelay.erase(p_channel => '${tag}.h', p_batch => 1)`);
    await send(`select pgrelay.drop_channel('${tag}.h', p_force => true)`);
    await victim.query('reset search_path');
    expect(await hits()).toBe(0);
    expect(await db.query("select channel, message from pgrelay.failed where sqlstate = 'HIJAK'")).toEqual([]);
  });

  test('nor while views are registered, looked at and given up, or jobs scheduled', async () => {
    await victim.query(`set search_path = ${path}`);
    await send("select pgauto_mv.register_mv('sum', 'shop', array[pgauto_mv.mv_watch('shop.orders', 'UPDATE')])");
    await send('insert into shop.orders values (1, 1)');
    await send('update shop.orders set total = 2');
    await send('delete from shop.orders');
    await send(
      "select pgauto_mv.refresh_materialised_view_now('shop.sum'), pgauto_mv.refresh_materialized_view_now('sum', 'shop')",
    );
    await send(
      "select pgauto_mv.is_fresh('shop.sum', '1'), pgauto_mv.plan_v1(), pgauto_mv.collect_v1('1 day', '1 day', 10)",
    );
    await send(
      'select pgauto_mv.repair_v1(), pgauto_mv.repair_view_v1(), pgauto_mv.invalidate_changed_v1(), pgauto_mv.clean_mv()',
    );
    await send('select * from pgauto_mv.get_mv_problems()');
    await send('select * from pgauto_mv.freshness, pgauto_mv.watches, pgauto_mv.materialized_view_state');
    await send(
      "select pgauto_mv.pause_mv('shop.sum'), pgauto_mv.resume_mv('sum', 'shop'), pgauto_mv.install_v1(), pgauto_mv.alter_mv('shop.sum', p_work_mem => '5MB')",
    );
    await send(
      "select pgauto_mv.alter_mv('sum', 'shop', array[pgauto_mv.mv_watch('shop.orders', 'INSERT')], p_cooldown => 0, p_reset => array['work_mem'])",
    );
    await send("select pgauto_mv.alter_mv('sum', 'shop', p_reset => array['watch_tables', 'fire_on_replica'])");
    await send('call pgauto_mv.refresh_due()');
    await send(
      "select pgauto_mv.register_mv('shop.other'), pgauto_mv.create_group('g', '{shop.sum,shop.other}'), pgauto_mv.alter_group('g', '{shop.other,shop.sum}', true)",
    );
    await send("call pgauto_mv.refresh_due('shop.other')");
    await send('select * from pgauto_mv.groups');
    await send("select pgauto_mv.drop_group('g'), pgauto_mv.unregister_mv('shop.other')");
    await send("call pgauto_mv.refresh_due('shop.sum')");
    await send("call pgauto_mv.verify_mv('shop.sum')");
    await send('call pgauto_mv.verify_due(1)');
    await send('select * from pgauto_mv.incidents');
    await send(
      "select * from pgauto_mv.sync_mv(), pgauto_mv.explain_mv('shop.sum'), pgauto_mv.simulate_mv('shop.sum')",
    );
    await send("select pgauto_mv.schedule_sync('1 hour'), pgauto_mv.run_sync()");
    await db.query('create table if not exists shop.flags (view_name text)');
    await db.query("insert into shop.flags values ('sum')");
    await send("select * from pgauto_mv.import_dirty_flag('shop.flags')");
    await send("select pgauto_mv.unregister_mv('shop.sum')");
    await send("select pgauto_mv.register_mv('shop.sum'), pgauto_mv.unregister_mv('sum', 'shop')");
    await send(`select pgrelay_cron.schedule('${tag}', 'every 10 minutes', 'select 1'), pgrelay_cron.tick_v1()`);
    await send(
      `select pgrelay_cron.alter('${tag}', p_command => 'vacuum', p_overlap => 'skip', p_timeout => '5 s'), pgrelay_cron.alter('${tag}', p_timeout => '1 s')`,
    );
    await send(`select pgrelay_cron.pause('${tag}'), pgrelay_cron.resume('${tag}'), pgrelay_cron.run_now('${tag}')`);
    await send(`select * from pgrelay_cron.next_runs('at 2100-01-01 08:00', 3), pgrelay_cron.preview_missed()`);
    await send(
      `select * from pgrelay_cron.sync_jobs_v1('${tag}', '[{"name": "${tag}.code", "spec": "@daily", "channel": "cron.${tag}", "jitter": "5 minutes"}]')`,
    );
    await victim.query(
      'create table if not exists shop.job as select 1 as jobid, $$0 3 * * *$$ as schedule, $$select 1$$ as command',
    );
    await send(`select * from pgrelay_cron.import_pg_cron('shop.job', true)`);
    await send('select * from pgrelay_cron.jobs, pgrelay_cron.runs, pgrelay_cron.misses');
    await send(
      `select pgrelay_cron.forget_v1('1 day'), pgrelay_cron.unschedule('${tag}'), pgrelay_cron.unschedule('pg_cron 1')`,
    );
    await send('select * from pgrelay_cron.get_cron_problems()');
    await send(
      `select pgrelay_http.register_endpoint('${tag}.http', 'https://example.com/', p_headers => '{"a": "b"}', p_body_template => '{"a": "{{payload}}"}', p_secrets => '{env:A,whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw}')`,
    );
    await send(`select pgrelay_http.alter_endpoint('${tag}.http', p_concurrency => 3)`);
    await send(
      `select pgrelay_http.enter_node_v1(), pgrelay_http.report_endpoints_v1('{${tag}.http}', '{X}'), pgrelay_http.record_attempts_v1('[{"e": 1, "r": 1, "c": "${tag}.http", "a": 1, "ago": 1, "s": 500, "x": "http_500", "t": 1, "o": 1, "i": 1}, {"e": 1, "r": 2, "c": "${tag}.http", "a": 1, "ago": 1, "s": 410, "x": "http_410", "t": 1, "o": 1, "i": 1}]', true)`,
    );
    await send(
      `select pgrelay_http.declare_endpoints_v1('[{"channel": "${tag}.code", "origin": "https://example.com", "method": "POST", "headersTimeoutMs": 1, "bodyTimeoutMs": 1, "timeoutMs": 1, "concurrency": 1, "retryDelaysMs": [1], "alertAfter": 1, "pauseAfter": 1}]', true)`,
    );
    await send('select * from pgrelay_http.get_http_problems(), pgrelay_http.endpoints, pgrelay_http.endpoints_v1()');
    await send(
      `select pgrelay_http.forget_attempts_v1('0 s'), pgrelay_http.confirm_node(), pgrelay_http.drop_endpoint('${tag}.http'), pgrelay_http.drop_endpoint('${tag}.code')`,
    );
    await send(`select pgrelay.register_channel('${tag}.in')`);
    for (const sentAt of ["'now'", "'2000-01-01'", 'null', 'null'])
      await send(`select pgrelay_http.receive_v1('${tag}.in', '1', 'key', ${sentAt}, '1 min')`);
    await send("select pgrelay_http.forget_receipts_v1('0')");
    await send(`select pgrelay.drop_channel('${tag}.in', p_force => true)`);
    await victim.query('reset search_path');
    expect(await hits()).toBe(0);
  });
});

test('nor does anything planted run in a function that is called with nothing, whoever it is for', async () => {
  const all = await probes(await db.connect(), ['pgrelay', 'pgauto_mv', 'pgrelay_cron', 'pgrelay_http']);
  const client = await db.connect();
  const hit: string[] = [];
  for (const path of paths) {
    await client.query(`set search_path = ${path}`);
    for (const probe of all.filter(({ object }) => object.startsWith('function'))) {
      await triedRights(client, probe);
      if ((await hits()) > hit.length) hit.push(`${probe.object} with ${path}`);
    }
  }
  expect(hit).toEqual([]);
});

test('only these look names up in the search_path of their caller, and each says why', async () => {
  const loose = await db.query<{ name: string }>(
    "select distinct p.proname as name from pg_proc p where p.pronamespace = any ('{pgrelay,pgauto_mv,pgrelay_cron,pgrelay_http}'::text[]::regnamespace[]) and not coalesce(p.proconfig::text ~ 'search_path=', false) order by 1",
  );
  expect(loose.map((row) => row.name)).toEqual([
    'alter', // calls register_command
    'alter_mv', // calls qualify_watches
    'clock_now', // may be inlined; one qualified name
    'due_at', // with is_dirty and retry_pause: inlined, and called by pinned functions only
    'enter_verify_v1', // sets the search_path of its transaction; names every schema
    'erase', // with purge: procedures that commit can have no SET; they pin after each COMMIT
    'import_dirty_flag', // hands the schemas in which views are looked up on
    'import_pg_cron', // calls schedule
    'is_dirty',
    'mv_watch', // may be inlined; makes a row
    'purge',
    'qualify_watches', // names of tables, as the caller reads them
    'refresh_due', // a procedure that commits can have no SET; pins after each COMMIT
    'refresh_group_due', // called by refresh_due, and likewise
    'register_channel', // keeps the caller's search_path for the action
    'register_command', // calls register_channel
    'register_mv', // calls qualify_watches
    'remove_in_batches', // with purge and erase
    'retry_pause',
    'run', // a procedure that commits can have no SET; pins after each COMMIT
    'schedule', // calls register_command
    'seal_action', // runs after an action; saves the switch
    'session_settings', // tells the caller's search_path
    'trigger_watch', // inlined; only qualified names
    'verify_due', // with verify_mv and verify_one: as refresh_due
    'verify_mv',
    'verify_one',
  ]);
});

test('what is planted would run, where a name is looked up in the search_path', async () => {
  await victim.query('set search_path = evil, pg_catalog');
  await expect(victim.query('select 1 + 1')).rejects.toMatchObject({ code: 'HIJAK' });
  await expect(victim.query("select 'x'::text")).rejects.toMatchObject({ code: 'HIJAK' });
  await victim.query('reset search_path');
  expect(await hits()).toBe(2);
});
