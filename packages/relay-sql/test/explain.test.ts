import { until, useDatabase } from '@pgrelay/test-support';
import { beforeEach, describe, expect, test } from 'vitest';
import { channelId, claim, runBatch, settle } from './support/slot.js';

const db = useDatabase();
const asOwner = (sql: string) => db.query(`set role pgrelay_owner; ${sql}; reset role`);

interface Reason {
  readonly reason: string;
  readonly evidence: string;
  readonly remedy: string;
}

const explain = (id: string) => db.query<Reason>('select * from pgrelay.explain_event($1)', [id]);
const reasons = async (id: string) => (await explain(id)).map(({ reason }) => reason);

/** The one reason of this name. */
async function named(id: string, reason: string): Promise<Reason> {
  const rows = await explain(id);
  const found = rows.find((row) => row.reason === reason);
  if (found === undefined) throw new Error(`${reason} is not among ${JSON.stringify(rows)}`);
  return found;
}

/** The reason is named; its remedy, sent as it stands, takes it away. */
async function expectMended(id: string, reason: string): Promise<void> {
  await db.query((await named(id, reason)).remedy);
  expect(await reasons(id)).not.toContain(reason);
}

async function send(channel: string, options = ''): Promise<string> {
  const rows = await db.query<{ id: string }>(`select pgrelay.notify($1, 'secret'${options})::text as id`, [channel]);
  return rows[0]?.id ?? '';
}

/** A Processor, by hand, that serves these handlers and whose lease outlives the test. */
async function serve(...handlers: string[]) {
  const rows = await db.query<{ slot: number; epoch: string }>(
    "select slot, epoch::text from pgrelay.attach_v1('host', 4711, 'v', 600000, 1, $1)",
    [handlers],
  );
  return rows[0] as { slot: number; epoch: string };
}

let channels = 0;
/** A channel of its own for each test. */
async function channel(action: string | null = 'select 1'): Promise<string> {
  channels += 1;
  await db.query('select pgrelay.register_channel($1, $2)', [`e.${channels}`, action]);
  return `e.${channels}`;
}

beforeEach(async () => {
  await asOwner('delete from pgrelay.queue; delete from pgrelay.delayed; update pgrelay.instance set alive = false');
});

describe('explain_event: each reason is named, and gone after its remedy', () => {
  test.each(['paused', 'disabled'])('channel_%s', async (state) => {
    const name = await channel();
    await serve();
    const id = await send(name);
    await db.query(`select pgrelay.${state.replace(/d$/, '')}_channel($1)`, [name]);
    expect(await reasons(id)).toEqual([`channel_${state}`]);
    await expectMended(id, `channel_${state}`);
    expect(await reasons(id)).toEqual(['queued']);
  });

  test('not_due', async () => {
    const name = await channel();
    const slot = await serve();
    const id = await send(name, ", clock_timestamp() + interval '1 hour'");
    expect(await explain(id)).toMatchObject([
      { reason: 'not_due', evidence: expect.stringMatching(/^due in 3[56]\d\d s, at 2/) },
    ]);
    await expectMended(id, 'not_due');
    expect(await explain(id)).toMatchObject([{ reason: 'queued', evidence: expect.stringMatching(/^due since 2/) }]);
    await db.query('select pgrelay.promote_v1(10)');
    expect(await runBatch(db, slot, name)).toMatchObject({ done: 1 });
  });

  test('breaker_open', async () => {
    const name = await channel(null);
    await serve(name);
    const id = await send(name);
    await db.query('select pgrelay.set_breaker($1, 1)', [name]);
    await asOwner(`select pgrelay.open_breaker(${await channelId(db, name)})`);
    expect(await reasons(id)).toEqual(['breaker_open']);
    expect((await named(id, 'breaker_open')).evidence).toMatch(/open since 2.*, until 2/);
    await expectMended(id, 'breaker_open');
    expect(await reasons(id)).toEqual(['queued']);
  });

  test('blocked: the half-open breaker tries another event, held by a worker', async () => {
    const name = await channel(null);
    const slot = await serve(name);
    await db.query('select pgrelay.set_breaker($1, 1)', [name]);
    const [probe, id] = [await send(name), await send(name)];
    await asOwner(
      `select pgrelay.open_breaker(${await channelId(db, name)}); update pgrelay.breaker set open_until = '2001-01-01'`,
    );
    expect(await claim(db, slot, name)).toEqual([probe]);
    expect(await reasons(id)).toEqual(['blocked']);
    expect((await named(id, 'blocked')).evidence).toContain(`event ${probe}, held by slot ${slot.slot} worker 1`);
    expect(await reasons(probe)).toEqual(['claimed']);
    await expectMended(id, 'blocked');
    expect(await claim(db, slot, name)).toEqual([id]);
  });

  test('limited and running: one batch of a SQL channel at a time', async () => {
    const name = await channel('select pg_sleep(600)');
    const slot = await serve();
    const [first, second] = [await send(name), await send(name)];
    const worker = await db.session('pgrelay worker 1');
    await worker.query("select pgrelay.enter_backend_v1($1, $2, 'worker 1')", [slot.slot, slot.epoch]);
    const batch = worker.start('select pgrelay.run_batch_v1($1, $2, 1::smallint, $3, 1, true, 50)', [
      slot.slot,
      slot.epoch,
      await channelId(db, name),
    ]);
    const asleep = "select from pg_stat_activity where pid = $1 and wait_event = 'PgSleep'";
    await until(async () => (await db.query(asleep, [worker.pid])).length > 0, 'the action sleeps');
    expect(await reasons(first)).toEqual(['running']);
    expect(await reasons(second)).toEqual(['limited']);
    const who = `slot ${slot.slot} worker 1 of host pid 4711 (backend ${worker.pid})`;
    expect((await named(first, 'running')).evidence).toContain(who);
    expect((await named(second, 'limited')).evidence).toContain(`event ${first} and those with it are run by ${who}`);
    await db.query((await named(second, 'limited')).remedy);
    await expect(batch).rejects.toMatchObject({ code: '57014' });
    await until(async () => (await reasons(second))[0] === 'queued', 'the batch is undone');
    expect(await reasons(first)).toEqual(['queued']);
  });

  test('limited: as many of a channel run as may', async () => {
    const name = await channel(null);
    const slot = await serve(name);
    await db.query('select pgrelay.set_limits($1, p_concurrency => 1)', [name]);
    const [first, second] = [await send(name), await send(name)];
    expect(await claim(db, slot, name)).toEqual([first]);
    expect(await reasons(second)).toEqual(['limited']);
    expect((await named(second, 'limited')).evidence).toContain(`event ${first}, held by slot ${slot.slot} worker 1`);
    await expectMended(second, 'limited');
    expect(await claim(db, slot, name)).toEqual([second]);
  });

  test('limited: as many of its key run as may', async () => {
    const name = await channel(null);
    const slot = await serve(name);
    await db.query('select pgrelay.set_limits($1, p_key_concurrency => 1)', [name]);
    const [first, second] = [await send(name, ", p_key => 'k'"), await send(name, ", p_key => 'k'")];
    expect(await claim(db, slot, name)).toEqual([first]);
    expect(await reasons(second)).toEqual(['limited']);
    expect((await named(second, 'limited')).evidence).toContain(
      `1 events of its key run at once, which is all that may: event ${first}`,
    );
    await expectMended(second, 'limited');
  });

  test('blocked: its key runs in order, and an earlier one runs, waits for its next attempt, or comes first', async () => {
    const name = await channel(null);
    const slot = await serve(name);
    await db.query('select pgrelay.set_limits($1, p_fifo => true)', [name]);
    const [first, second] = [await send(name, ", p_key => 'k'"), await send(name, ", p_key => 'k'")];
    expect(await reasons(second)).toEqual(['blocked']);
    expect((await named(second, 'blocked')).evidence).toContain(`event ${first} comes before it`);
    await claim(db, slot, name);
    expect(await reasons(second)).toEqual(['blocked']);
    expect((await named(second, 'blocked')).evidence).toContain(
      `blocked by event ${first}, held by slot ${slot.slot} worker 1`,
    );
    await settle(db, slot, [first], 'retried', 3_600_000);
    expect(await reasons(second)).toEqual(['blocked']);
    expect((await named(second, 'blocked')).evidence).toContain(
      `blocked by event ${first}, which waits for its next attempt until`,
    );
    await db.query((await named(second, 'blocked')).remedy);
    await db.query("select pgrelay.poll_v1('{}')");
    expect(await claim(db, slot, name)).toEqual([first]);
    await settle(db, slot, [first], 'done');
    expect(await reasons(second)).toEqual(['queued']);
  });

  test('limited: as many have started in the period as may', async () => {
    const name = await channel(null);
    const slot = await serve(name);
    await db.query("select pgrelay.set_limits($1, p_rate => 1, p_rate_period => '1 hour')", [name]);
    const [first, second] = [await send(name), await send(name)];
    expect(await claim(db, slot, name)).toEqual([first]);
    expect((await named(second, 'limited')).evidence).toMatch(
      /^1 starts in 01:00:00 are used up: the next event of channel .* may start at /,
    );
    await expectMended(second, 'limited');
  });

  test('limited: as many batches of a parallel SQL channel run as may', async () => {
    const name = await channel();
    const slot = await serve();
    await db.query('select pgrelay.tune_channel($1, p_parallel => true), pgrelay.set_limits($1, p_concurrency => 1)', [
      name,
    ]);
    const [, second] = [await send(name), await send(name)];
    const batch = await db.session('batch');
    await batch.query('begin');
    await runBatch(batch, slot, name, 1);
    expect((await named(second, 'limited')).evidence).toContain(`1 batches of channel ${name} run at once`);
    await batch.query('rollback');
    expect(await reasons(second)).toEqual(['queued']);
  });

  test('limited: one event of a top-level channel at a time', async () => {
    await db.query("select pgrelay.register_channel('e.top', array['vacuum'])");
    const slot = await serve();
    const [first, second] = [await send('e.top'), await send('e.top')];
    await db.query('select from pgrelay.claim_toplevel_v1($1, $2, 1::smallint, $3)', [
      slot.slot,
      slot.epoch,
      await channelId(db, 'e.top'),
    ]);
    expect(await reasons(second)).toEqual(['limited']);
    expect((await named(second, 'limited')).evidence).toContain(`event ${first} is held by slot ${slot.slot} worker 1`);
    await settle(db, slot, [first], 'done');
    expect(await reasons(second)).toEqual(['queued']);
  });

  test('held: a producer has sent it again under its dedup key, alone and with another', async () => {
    const name = await channel();
    const slot = await serve();
    const id = await send(name, ", p_dedup_key => 'k'");
    const again = "select pgrelay.notify($1, p_dedup_key => 'k')::text as id";
    const [one, two] = [await db.session('shop'), await db.session('till')];
    await one.query('begin');
    expect(await one.query(again, [name])).toEqual([{ id }]);
    expect(await explain(id)).toMatchObject([
      { reason: 'held', evidence: expect.stringContaining(`backend ${one.pid} (shop)`) },
    ]);
    await two.query('begin');
    expect(await two.query(again, [name])).toEqual([{ id }]);
    expect(await reasons(id)).toEqual(['held', 'held']);
    expect(await runBatch(db, slot, name)).toMatchObject({ taken: 0 });
    for (const { remedy } of await explain(id)) await db.query(remedy);
    await until(async () => (await reasons(id))[0] === 'queued', 'both backends are gone');
    expect(await runBatch(db, slot, name)).toMatchObject({ done: 1 });
  });

  test('held: a prepared transaction has sent it again under its dedup key', async () => {
    const name = await channel();
    await serve();
    const id = await send(name, ", p_dedup_key => 'k'");
    const producer = await db.session('shop');
    await producer.query("set pgrelay.hint = 'off'");
    await producer.query('begin');
    await producer.query("select pgrelay.notify($1, p_dedup_key => 'k')", [name]);
    await producer.query("prepare transaction 'held again'");
    expect(await explain(id)).toMatchObject([
      { reason: 'held', evidence: expect.stringContaining('held again'), remedy: "commit prepared 'held again';" },
    ]);
    await expectMended(id, 'held');
    expect(await reasons(id)).toEqual(['queued']);
  });

  test('no_processor: a SQL channel is run without one', async () => {
    const name = await channel();
    const id = await send(name);
    expect(await reasons(id)).toEqual(['no_processor']);
    await db.query((await named(id, 'no_processor')).remedy);
    expect(await reasons(id)).toEqual(['done']);
  });

  test('unknown_node', async () => {
    const name = await channel();
    const slot = await serve();
    const [id, later] = [await send(name), await send(name, ", clock_timestamp() + interval '1 hour'")];
    await asOwner('update pgrelay.queue set node = node + 1000; update pgrelay.delayed set node = node + 1000');
    expect(await reasons(id)).toEqual(['unknown_node']);
    expect(await runBatch(db, slot, name)).toMatchObject({ taken: 0 });
    await expectMended(id, 'unknown_node');
    expect(await reasons(later)).toEqual(['not_due']);
    expect(await runBatch(db, slot, name)).toMatchObject({ done: 1 });
    await expect(db.query('select pgrelay.adopt_events(pgrelay.this_node())')).rejects.toMatchObject({ code: 'PR004' });
  });

  test('action_missing', async () => {
    const name = await channel();
    await serve();
    const id = await send(name);
    await asOwner(`update pgrelay.channel set frame = 'x' where name = '${name}'`);
    expect(await reasons(id)).toEqual(['action_missing']);
    await db.query("select pgrelay.register_channel($1, 'select 1', p_replace => true)", [name]);
    expect(await reasons(id)).toEqual(['queued']);
  });

  test('claimed: the slot and worker that have it, and since when; asked to stop by the remedy', async () => {
    const name = await channel(null);
    const slot = await serve(name);
    const id = await send(name);
    await claim(db, slot, name);
    expect(await explain(id)).toMatchObject([
      { evidence: expect.stringMatching(`^slot ${slot.slot} worker 1 of host pid 4711 has it since 2`) },
    ]);
    await db.query((await named(id, 'claimed')).remedy);
    expect(await db.query('select pgrelay.cancellations_v1($1, $2) as ids', [slot.slot, slot.epoch])).toEqual([
      { ids: [id] },
    ]);
    await settle(db, slot, [id], 'cancelled');
    expect(await reasons(id)).toEqual(['cancelled']);
  });

  test('processor_lost', async () => {
    const name = await channel(null);
    const slot = await serve(name);
    const id = await send(name);
    await claim(db, slot, name);
    await asOwner("update pgrelay.instance set heartbeat_at = now() - interval '1 hour' where alive");
    expect(await reasons(id)).toEqual(['processor_lost']);
    await expectMended(id, 'processor_lost');
    await serve(name);
    expect(await reasons(id)).toEqual(['queued', 'lost']);
  });

  test('producer_open: the id of an event that is not committed yet', async () => {
    const name = await channel();
    const producer = await db.session('shop');
    await producer.query('begin');
    const id = (await producer.query<{ id: string }>('select pgrelay.notify($1)::text as id', [name]))[0]?.id ?? '';
    expect(await explain(id)).toMatchObject([
      { reason: 'producer_open', evidence: expect.stringContaining(`backend ${producer.pid} (shop)`) },
    ]);
    await db.query((await named(id, 'producer_open')).remedy);
    await until(async () => (await reasons(id))[0] === 'no_event', 'the backend is gone');
  });

  test('producer_open: its transaction is prepared', async () => {
    const name = await channel();
    await serve();
    const producer = await db.session('shop');
    await producer.query("set pgrelay.hint = 'off'");
    await producer.query('begin');
    const id = (await producer.query<{ id: string }>('select pgrelay.notify($1)::text as id', [name]))[0]?.id ?? '';
    await producer.query("prepare transaction 'not yet'");
    expect(await explain(id)).toMatchObject([
      { reason: 'producer_open', evidence: expect.stringContaining('not yet'), remedy: "commit prepared 'not yet';" },
    ]);
    await expectMended(id, 'producer_open');
    expect(await reasons(id)).toEqual(['queued']);
  });

  test('no_event: neither given out, nor kept', async () => {
    const name = await channel();
    const id = await send(name);
    await asOwner('delete from pgrelay.queue');
    expect(await explain(id)).toMatchObject([
      { reason: 'no_event', evidence: expect.stringContaining('was given out') },
    ]);
    const next = String(BigInt(id) + 1n);
    expect(await explain(next)).toMatchObject([
      { reason: 'no_event', evidence: expect.stringContaining(`newest is ${id}`) },
    ]);
    await expect(explain(null as never)).rejects.toMatchObject({ code: 'PR004' });
  });

  test('queued: how many are before it', async () => {
    const name = await channel();
    await serve();
    const [first, , third] = [await send(name), await send(name), await send(name)];
    const urgent = await send(name, ', p_priority => -1');
    expect((await explain(third ?? ''))[0]?.evidence).toBe('3 events of its channel are before it');
    expect((await explain(first))[0]?.evidence).toBe('1 events of its channel are before it');
    expect((await explain(urgent))[0]?.evidence).toBe('it is the next one of its channel');
  });
});

describe('explain_event: what became of it', () => {
  test('retried and snoozed, with the last audit row', async () => {
    const name = await channel(null);
    const slot = await serve(name);
    const id = await send(name);
    await claim(db, slot, name);
    await settle(db, slot, [id], 'retried', 3_600_000, { code: 'busy' });
    expect(await reasons(id)).toEqual(['not_due', 'retried']);
    expect((await named(id, 'retried')).evidence).toMatch(/^attempt 1 ended at 2.*: busy$/);
    await expectMended(id, 'not_due');
    await db.query('select pgrelay.promote_v1(10)');
    await claim(db, slot, name);
    await settle(db, slot, [id], 'snoozed', 3_600_000);
    expect(await reasons(id)).toEqual(['not_due', 'snoozed']);
    expect((await named(id, 'snoozed')).evidence).toMatch(/^attempt 2 ended at /);
  });

  test('done', async () => {
    const name = await channel();
    const slot = await serve();
    const id = await send(name);
    await runBatch(db, slot, name);
    expect(await explain(id)).toMatchObject([
      {
        reason: 'done',
        evidence: expect.stringMatching(`^attempt 1 ended at 2.*, run by slot ${slot.slot} worker 1$`),
      },
    ]);
  });

  test('cancelled', async () => {
    const name = await channel();
    const id = await send(name);
    await db.query('select pgrelay.cancel($1)', [id]);
    expect(await explain(id)).toMatchObject([
      { reason: 'cancelled', evidence: expect.stringMatching(/^attempt 1 ended at [^,]*: cancelled$/) },
    ]);
  });

  test('failed, and redriven by the remedy; the server’s words and the payload are nowhere', async () => {
    const name = await channel('select $1::integer');
    const slot = await serve();
    const id = await send(name);
    await runBatch(db, slot, name);
    expect(await explain(id)).toMatchObject([
      { reason: 'failed', evidence: expect.stringMatching(/^attempt 1 failed for good at 2.*: 22P02$/) },
    ]);
    expect(JSON.stringify(await explain(id))).not.toContain('secret');
    await expectMended(id, 'failed');
    expect(await reasons(id)).toEqual(['queued']);
    await runBatch(db, slot, name);
    await db.query('delete from pgrelay.failed where id = $1', [id]);
    expect(await explain(id)).toMatchObject([{ reason: 'failed', remedy: expect.stringContaining('was deleted') }]);
  });

  test('quarantined', async () => {
    const name = await channel(null);
    const slot = await serve(name);
    const id = await send(name);
    await asOwner('update pgrelay.queue set lost = 2');
    await claim(db, slot, name);
    await asOwner("update pgrelay.instance set heartbeat_at = now() - interval '1 hour' where alive");
    await db.query('select pgrelay.bury_v1()');
    await db.query('select pgrelay.rescue_v1()');
    await serve(name);
    expect(await reasons(id)).toEqual(['quarantined']);
    await expectMended(id, 'quarantined');
    expect(await reasons(id)).toEqual(['queued', 'lost']);
  });

  test('channel_dropped', async () => {
    const name = await channel();
    const id = await send(name);
    await db.query('select pgrelay.drop_channel($1, true)', [name]);
    expect(await explain(id)).toMatchObject([
      { reason: 'channel_dropped', remedy: `-- Register channel ${name} again, then: select pgrelay.redrive(${id});` },
    ]);
  });
});

test('a viewer may ask, in a transaction that only reads', async () => {
  const id = await send(await channel());
  const viewer = await db.connect(await db.login('pgrelay_viewer'));
  await viewer.query('begin read only');
  expect((await viewer.query('select reason from pgrelay.explain_event($1)', [id])).rows).toEqual([
    { reason: 'no_processor' },
  ]);
});
