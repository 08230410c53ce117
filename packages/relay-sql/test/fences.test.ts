import { type TestDatabase, useDatabase } from '@pgrelay/test-support';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { channelId, claim, type Slot, takeSlot } from './support/slot.js';

const db: TestDatabase = useDatabase();

/**
 * Every function that a Processor calls and that may write. Fenced ones are tried with the fence of a Processor that was
 * declared dead; they change nothing. The others ask for none, for the reason given.
 */
const writes: Readonly<Record<string, { readonly fenced: string } | { readonly free: string }>> = {
  'pgrelay.claim_v1': { fenced: 'select * from pgrelay.claim_v1(SLOT, EPOCH, 1::smallint, HANDLER, 10)' },
  'pgrelay.claim_toplevel_v1': { fenced: 'select * from pgrelay.claim_toplevel_v1(SLOT, EPOCH, 1::smallint, TOP)' },
  'pgrelay.run_batch_v1': {
    fenced: 'select * from pgrelay.run_batch_v1(SLOT, EPOCH, 1::smallint, SQL, 10, false, 50)',
  },
  'pgrelay.fail_v1': { fenced: `select pgrelay.fail_v1(SLOT, EPOCH, 1::smallint, READY, 5, '{"code": "x"}')` },
  'pgrelay.settle_v1': {
    fenced: `select * from pgrelay.settle_v1(SLOT, EPOCH, array[HELD], array[ATTEMPT], array['done'], array[null::float8], array[5], array[0], array[null::jsonb])`,
  },
  'pgrelay.complete_v1': {
    fenced: 'select pgrelay.complete_v1(SLOT, EPOCH, array[HELD], array[ATTEMPT], array[5::float8], array[0::float8])',
  },
  'pgrelay.end_cancelled_v1': { fenced: 'select pgrelay.end_cancelled_v1(SLOT, EPOCH, 1::smallint, array[READY], 5)' },
  'pgrelay.end_stopped_v1': { fenced: 'select pgrelay.end_stopped_v1(SLOT, EPOCH, SQL)' },
  'pgrelay.batches_to_stop_v1': { free: 'reads; volatile for a fresh look' },
  'pgrelay.stop_batches_v1': { free: 'writes no table; what it cancels is ready as before' },
  'pgrelay.cancel_backend_v1': { free: 'names the backend by its start; what it cancels is ready as before' },
  'pgrelay.close_run_v1': { free: 'takes a lock until the end of the transaction' },
  'pgrelay.lose_v1': { fenced: 'select pgrelay.lose_v1(SLOT, EPOCH, 1::smallint, READY, 5)' },
  'pgrelay.report_hint_v1': { fenced: 'select pgrelay.report_hint_v1(SLOT, EPOCH, true)' },
  'pgrelay.report_kinds_v1': { fenced: "select pgrelay.report_kinds_v1(SLOT, EPOCH, '{http}')" },
  'pgrelay.working_backends_v1': { free: 'reads; volatile for a fresh look' },
  'pgrelay.release_v1': { fenced: 'select pgrelay.release_v1(SLOT, EPOCH, array[HELD])' },
  'pgrelay.heartbeat_v1': { fenced: 'select pgrelay.heartbeat_v1(SLOT, EPOCH)' },
  'pgrelay.detach_v1': { fenced: 'select pgrelay.detach_v1(SLOT, EPOCH)' },
  'pgrelay.record_backend_v1': { fenced: "select pgrelay.record_backend_v1(SLOT, EPOCH, 'x', 1, now())" },
  'pgrelay.enter_backend_v1': { fenced: "select pgrelay.enter_backend_v1(SLOT, EPOCH, 'x')" },
  'pgrelay.recall_v1': { fenced: "select * from pgrelay.recall_v1(SLOT, EPOCH, HELD, 'x')" },
  'pgrelay.note_progress_v1': { fenced: 'select pgrelay.note_progress_v1(SLOT, EPOCH, HELD, ATTEMPT, 1, null)' },
  'pgrelay.record_effect_v1': { free: 'the effect is a fact, whoever made it' },
  'pgrelay.attach_v1': { free: 'gives the fence' },
  'pgrelay.enter_run_v1': { free: 'gives the fence' },
  'pgrelay.declare_handlers_v1': { free: 'adds channels that are missing; says nothing of events' },
  'pgrelay.declare_breakers_v1': { free: 'keeps what the definitions of handlers say; says nothing of events' },
  'pgrelay.declare_limits_v1': { free: 'keeps what the definitions of handlers say; says nothing of events' },
  'pgrelay.declare_debounces_v1': { free: 'keeps what the definitions of handlers say; says nothing of events' },
  'pgrelay.lets_through_v1': { free: 'reads; volatile for a fresh look' },
  'pgrelay.has_room_v1': { free: 'reads; volatile for a fresh look' },
  'pgrelay.note_recurrence_v1': { free: 'a fact about the channel' },
  'pgrelay.note_run_v1': { free: 'counts down what calls of run() try one by one; its slot only if it is alive' },
  'pgrelay.look_v1': { free: 'moves what is due and takes back from those who are dead, whoever asks' },
  'pgrelay.poll_v1': { free: 'moves what is due, whoever asks' },
  'pgrelay.ready_sql_channels_v1': { free: 'moves what is due, whoever asks' },
  'pgrelay.restore_settings_v1': { free: 'writes no table' },
  'pgrelay.bury_v1': { free: 'finds out who is dead, by the clock of the database' },
  'pgrelay.rescue_v1': { free: 'takes back from those who are dead' },
  'pgrelay.end_backend_v1': { free: 'names the backend by its start' },
  'pgrelay.find_lanes_v1': { free: 'adds what is missing' },
  'pgrelay.arm_v1': { free: 'a flag that expires' },
  'pgrelay.horizon_v1': { free: 'reads; volatile for its order' },
  'pgrelay.holders_v1': { free: 'reads; volatile for a fresh look' },
  'pgrelay.marks_v1': { free: 'reads; volatile for a fresh look' },
  'pgrelay.promote_v1': { free: 'moves what is due, whoever asks' },
  'pgrelay.maintain_v1': { free: 'removes what is no event' },
  'pgrelay.keep_log_v1': { free: 'moves and drops days' },
  'pgrelay.forget_effects_v1': { free: 'removes what is no event' },
  'pgrelay.forget_causes_v1': { free: 'removes what is no event' },
  'pgrelay.forget_failed_v1': { free: 'removes what has failed long ago' },
  'pgauto_mv.enter_refresh_v1': {
    fenced: "select * from pgauto_mv.enter_refresh_v1(VIEW, VIEW_EPOCH, '1 s', '1 s', '1 s')",
  },
  'pgauto_mv.finish_refresh_v1': {
    fenced: "select pgauto_mv.finish_refresh_v1(VIEW, VIEW_EPOCH, 'now', 'plain', 'x')",
  },
  'pgauto_mv.fail_refresh_v1': {
    fenced: "select pgauto_mv.fail_refresh_v1(VIEW, VIEW_EPOCH, 'now', 'plain', '40001', 'm', 'd', 'h')",
  },
  'pgauto_mv.release_refresh_v1': { fenced: "select pgauto_mv.release_refresh_v1(VIEW, VIEW_EPOCH, 'now', 'x')" },
  'pgauto_mv.begin_refresh_v1': { free: 'gives the fence' },
  'pgauto_mv.begin_group_refresh_v1': { free: 'gives the fence, of each member' },
  'pgauto_mv.enter_group_refresh_v1': {
    fenced:
      "select * from pgauto_mv.enter_group_refresh_v1(array[VIEW]::bigint[], array[VIEW_EPOCH]::bigint[], '1 s', '1 s')",
  },
  'pgauto_mv.lock_group_v1': { free: 'locks views to the end of the transaction, with the right to refresh them' },
  'pgauto_mv.enter_member_v1': { free: 'writes no table' },
  'pgauto_mv.finish_group_refresh_v1': {
    fenced:
      "select pgauto_mv.finish_group_refresh_v1(array[VIEW]::bigint[], array[VIEW_EPOCH]::bigint[], 'now', 'plain', 'x')",
  },
  'pgauto_mv.fail_group_refresh_v1': {
    fenced:
      "select pgauto_mv.fail_group_refresh_v1(array[VIEW]::bigint[], array[VIEW_EPOCH]::bigint[], 'now', VIEW, 'plain', '40001', 'm', 'd', 'h')",
  },
  'pgauto_mv.release_group_refresh_v1': {
    fenced: "select pgauto_mv.release_group_refresh_v1(array[VIEW]::bigint[], array[VIEW_EPOCH]::bigint[], 'now', 'x')",
  },
  'pgauto_mv.prepare_refresh_v1': { free: 'writes no table' },
  'pgauto_mv.blocked_by_refresh_v1': { free: 'reads; volatile for a fresh look' },
  'pgauto_mv.begin_upkeep_v1': { free: 'gives the fence' },
  'pgauto_mv.end_upkeep_v1': { fenced: "select pgauto_mv.end_upkeep_v1(VIEW, VIEW_EPOCH, 'VACUUM', 'x', null)" },
  'pgauto_mv.begin_verify_v1': { free: 'gives the fence of a verification' },
  'pgauto_mv.end_verify_v1': {
    free: 'writes under the claim of its verification only: see verification-races.test.ts',
  },
  'pgauto_mv.verify_rewritten_v1': { free: 'reads; volatile for a fresh look' },
  'pgauto_mv.verify_wait_v1': { free: 'reads; volatile for a fresh look' },
  'pgauto_mv.enter_verify_v1': { free: 'sets its own transaction up' },
  'pgauto_mv.blocked_by_verify_v1': { free: 'reads; volatile for a fresh look' },
  'pgauto_mv.repair_incidents_v1': { free: 'makes a view dirty: too often does no harm' },
  'pgauto_mv.forget_incidents_v1': { free: 'removes what is repaired and old' },
  'pgauto_mv.start_sync_v1': { free: 'registers a channel and its first event, once for all' },
  'pgauto_mv.next_due_v1': { free: 'reads; volatile for a fresh look' },
  'pgauto_mv.keep_house_v1': { free: 'what other functions here do, step by step' },
  'pgauto_mv.recheck_v1': { free: 'lets a view be tried again: too often does no harm' },
  'pgauto_mv.keep_names_v1': { free: 'names are facts, whoever reads them' },
  'pgauto_mv.plan_v1': { free: 'asks for refreshes; one at a time by a row lock' },
  'pgauto_mv.collect_v1': { free: 'removes what every view has served' },
  'pgauto_mv.invalidate_changed_v1': { free: 'makes a view dirty: too often does no harm' },
  'pgauto_mv.link_sources_v1': { free: 'adds watches, under the lock of a registration' },
  'pgauto_mv.install_v1': { free: 'puts on what a registration left over' },
  'pgauto_mv.notice_bypass_v1': { free: 'makes a view dirty: too often does no harm' },
  'pgauto_mv.unlink_gone_v1': { free: 'unties views from tables that are gone' },
  'pgauto_mv.repair_v1': { free: 'puts a missing trigger back' },
  'pgauto_mv.repair_view_v1': { free: 'makes a view dirty, or adds watches' },
  'pgrelay_cron.tick_v1': { free: 'each occurrence once, by the lock on its job' },
  'pgrelay_cron.forget_v1': { free: 'removes what is old' },
  'pgrelay_http.enter_node_v1': { free: 'notes the identity of the database, once' },
  'pgrelay_http.declare_endpoints_v1': { free: 'adds or changes endpoints in code' },
  'pgrelay_http.report_endpoints_v1': { free: 'says what is wrong with an endpoint; says nothing of events' },
  'pgrelay_http.record_attempts_v1': { free: 'a request that was sent is a fact, whoever sent it' },
  'pgrelay_http.forget_attempts_v1': { free: 'removes what is old' },
  'pgrelay_cron.declare_jobs_v1': { free: 'adds or changes jobs in code' },
  'pgrelay_http.receive_v1': { free: 'a producer, whose events nobody has claimed' },
  'pgrelay_http.forget_receipts_v1': { free: 'removes what is old' },
  'pgrelay_cron.sync_jobs_v1': { free: 'adds or changes jobs in code' },
};

async function asOwner<T extends Record<string, unknown>>(sql: string): Promise<T[]> {
  await db.query('set role pgrelay_owner');
  const rows = await db.query<T>(sql);
  await db.query('reset role');
  return rows;
}

const words: Record<string, string> = {};
let alive: Slot;

beforeAll(async () => {
  await db.query(
    "select pgrelay.register_channel('f.h'), pgrelay.register_channel('f.sql', 'select 1'), pgrelay.register_channel('f.top', array['vacuum']), pgrelay.register_channel('pgauto_mv.refresh')",
  );
  await db.query('create materialized view v as select 1 as one');
  await db.query("select pgauto_mv.register_mv('v'::regclass)");
  for (const [word, name] of [
    ['HANDLER', 'f.h'],
    ['SQL', 'f.sql'],
    ['TOP', 'f.top'],
  ] as const)
    words[word] = String(await channelId(db, name));
});

/** A Processor that held an event was declared dead; its slot was taken by another, which holds the event by now. */
beforeEach(async () => {
  await asOwner('delete from pgrelay.queue; update pgrelay.instance set alive = false');
  await db.query("select pgrelay.notify('f.h', 'held')");
  const dead = await takeSlot(db);
  await claim(db, dead, 'f.h');
  await asOwner("update pgrelay.instance set heartbeat_at = '2000-01-01' where alive");
  await db.query('select pgrelay.bury_v1()');
  await db.query('select pgrelay.rescue_v1()');
  alive = await takeSlot(db);
  expect(alive.slot).toBe(dead.slot);
  const [held] = await claim(db, alive, 'f.h');
  const [row] = await db.query<{ attempt: number }>('select attempt from pgrelay.queue where id = $1', [held]);
  const [ready] = await db.query<{ id: string }>("select pgrelay.notify('f.sql')::text as id");
  await db.query("select pgrelay.notify('f.h'), pgrelay.notify('f.top')");
  await asOwner(`delete from pgrelay.cancellation; insert into pgrelay.cancellation values (${ready?.id}, now(), 'x')`);
  await asOwner('update pgauto_mv.state set claimed_until = null, snap = null, snaps = null, epoch = epoch + 1');
  const [state] = await asOwner<{ mv_id: string; epoch: string }>(
    'select mv_id::text, (epoch - 1)::text as epoch from pgauto_mv.state',
  );
  Object.assign(words, {
    SLOT: `${dead.slot}::smallint`,
    EPOCH: dead.epoch,
    HELD: held,
    ATTEMPT: String(row?.attempt),
    READY: ready?.id,
    VIEW: state?.mv_id,
    VIEW_EPOCH: state?.epoch,
  });
});

/** Everything in the tables of the relay and its plugins. */
async function everything(): Promise<unknown> {
  const tables = await asOwner<{ name: string }>(
    "select c.oid::regclass::text as name from pg_class c where c.relnamespace = any ('{pgrelay,pgauto_mv,pgrelay_cron,pgrelay_http}'::text[]::regnamespace[]) and c.relkind = 'r' order by 1",
  );
  const all: Record<string, unknown> = {};
  for (const { name } of tables) all[name] = await asOwner(`select x::text from ${name} x order by 1`);
  return all;
}

test('the table names every function of a Processor that may write', async () => {
  const functions = await db.query<{ name: string }>(
    "select distinct format('%s.%s', p.pronamespace::regnamespace, p.proname) as name from pg_proc p where p.pronamespace = any ('{pgrelay,pgauto_mv,pgrelay_cron,pgrelay_http}'::text[]::regnamespace[]) and p.proname ~ '_v1$' and p.provolatile = 'v' order by 1",
  );
  expect(functions.map((row) => row.name)).toEqual(Object.keys(writes).sort());
});

const fenced = Object.entries(writes).flatMap(([name, how]) => ('fenced' in how ? [[name, how.fenced] as const] : []));

describe('a Processor that was declared dead changes nothing', () => {
  test.each(fenced)('%s', async (_name, template) => {
    const sql = template.replace(/\b[A-Z_]{3,}\b/g, (word) => words[word] ?? word);
    const before = await everything();
    const client = await db.connect();
    await client.query('begin isolation level repeatable read');
    await client.query(sql).then(
      () => client.query('commit'),
      (error) => {
        expect(['PR009', 'PM013']).toContain(error.code);
        return client.query('rollback');
      },
    );
    expect(await everything()).toEqual(before);
  });

  test.each(fenced)('%s works with the fence that holds', async (name, template) => {
    const view = name.startsWith('pgauto_mv');
    const grouped = name.includes('_group_');
    if (grouped) {
      await db.query(
        "with g as (insert into pgauto_mv.mv_group (name) values ('g') returning id) update pgauto_mv.mv m set group_id = g.id from g where m.id = $1",
        [words['VIEW']],
      );
    }
    if (view) {
      const [go] = await db.query<{ outcome: string; epoch: string }>(
        grouped
          ? "select outcome, epochs[1]::text as epoch from pgauto_mv.begin_group_refresh_v1($1, 'now', null, '1 s')"
          : "select outcome, epoch::text from pgauto_mv.begin_refresh_v1($1, 'now', null, '1 s')",
        [words['VIEW']],
      );
      expect(go?.outcome).toBe('go');
      words['VIEW_EPOCH'] = go?.epoch ?? '';
    }
    words['EPOCH'] = alive.epoch;
    const sql = template.replace(/\b[A-Z_]{3,}\b/g, (word) => words[word] ?? word);
    const before = await everything();
    const client = await db.connect();
    await client.query('begin isolation level repeatable read');
    await client.query(sql);
    await client.query('commit');
    if (name !== 'pgrelay.recall_v1') expect(await everything()).not.toEqual(before);
    if (view)
      await db.query("select pgauto_mv.release_refresh_v1($1, $2, 'now', 'x')", [words['VIEW'], words['VIEW_EPOCH']]);
    if (grouped) await db.query("select pgauto_mv.drop_group('g')");
  });
});
