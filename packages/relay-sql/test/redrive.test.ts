import { useDatabase } from '@pgrelay/test-support';
import { describe, expect, test } from 'vitest';
import { claim, logOf, runBatch, settle, takeSlot } from './support/slot.js';

const db = useDatabase();

/** Events of a handler channel that have failed, with their ids. */
async function failed(channel: string, count: number, error: object = { code: 'no_luck' }): Promise<string[]> {
  await db.query(`select pgrelay.register_channel($1)`, [channel]);
  await db.query('select pgrelay.notify($1, x::text, p_priority => 3) from generate_series(1, $2) x', [channel, count]);
  const slot = await takeSlot(db);
  const ids = await claim(db, slot, channel);
  for (const id of ids) await settle(db, slot, [id], 'failed', null, error);
  return ids;
}

const failedIds = async (channel: string) =>
  (await db.query<{ id: string }>('select id::text from pgrelay.failed where channel = $1 order by id', [channel])).map(
    (row) => row.id,
  );
const redriveChannel = async (call: string) =>
  Number((await db.query<{ n: string }>(`select pgrelay.redrive_channel(${call}) as n`))[0]?.n);

describe('redrive', () => {
  test('the event runs again with its id, payload and priority; its history stays', async () => {
    const [id] = await failed('d.one', 1);
    await db.query('select pgrelay.redrive($1)', [id]);
    expect(await failedIds('d.one')).toEqual([]);
    expect(
      await db.query(
        "select q.id::text, payload, q.priority, q.attempt, q.retried, q.lost from pgrelay.queue q join pgrelay.channels c on c.id = q.channel_id where c.name = 'd.one'",
      ),
    ).toEqual([{ id, payload: '1', priority: 3, attempt: 1, retried: 0, lost: 0 }]);
    const slot = await takeSlot(db);
    await settle(db, slot, await claim(db, slot, 'd.one'), 'done');
    expect(await logOf(db, 'd.one')).toMatchObject([
      { event_id: id, outcome: 'failed', attempt: 1 },
      { event_id: id, outcome: 'done', attempt: 2 },
    ]);
  });

  test('is refused when the event is not failed, or its channel is gone, and then nothing is lost', async () => {
    await expect(db.query('select pgrelay.redrive(-1)')).rejects.toMatchObject({ code: 'PR012' });
    const [id] = await failed('d.gone', 1);
    await db.query("select pgrelay.drop_channel('d.gone')");
    await expect(db.query('select pgrelay.redrive($1)', [id])).rejects.toMatchObject({ code: 'PR001' });
    await expect(redriveChannel("'d.gone'")).rejects.toMatchObject({ code: 'PR001' });
    expect(await failedIds('d.gone')).toEqual([id]);
    await db.query("select pgrelay.register_channel('d.gone'), pgrelay.redrive($1)", [id]);
    expect(await claim(db, await takeSlot(db), 'd.gone')).toEqual([id]);
  });

  test('a cancellation that came too late for the attempt that failed is not one of the next', async () => {
    await db.query("select pgrelay.register_channel('d.late', 'select 1 / $1::int')");
    const [event] = await db.query<{ id: string }>("select pgrelay.notify('d.late', '0')::text as id");
    const slot = await takeSlot(db);
    await db.query('set role pgrelay_owner');
    await db.query("insert into pgrelay.cancellation values ($1, now(), 'somebody')", [event?.id]); // he asked, and it failed
    await db.query('update pgrelay.queue set slot = $1, epoch = $2, attempt = 1 where id = $3', [
      slot.slot,
      slot.epoch,
      event?.id,
    ]);
    await db.query('reset role');
    await settle(db, slot, [event?.id ?? ''], 'failed', null, { code: 'no_luck' });
    await db.query("select pgrelay.register_channel('d.late', 'select 1', p_replace => true), pgrelay.redrive($1)", [
      event?.id,
    ]);
    expect(await runBatch(db, slot, 'd.late')).toMatchObject({ taken: 1, done: 1 });
  });

  test('race: two sessions redrive the same events; each event comes back once', async () => {
    const ids = await failed('d.race', 4);
    const [a, b] = [await db.session('a'), await db.session('b')];
    await a.query('begin');
    await a.query('select pgrelay.redrive($1)', [ids[0]]);
    await expect(b.query('select pgrelay.redrive($1)', [ids[0]])).rejects.toMatchObject({ code: 'PR012' });
    expect(await b.query("select pgrelay.redrive_channel('d.race')::integer as n")).toEqual([{ n: 3 }]);
    await a.query('commit');
    expect((await claim(db, await takeSlot(db), 'd.race')).sort()).toEqual(ids);
  });
});

describe('redrive_channel', () => {
  test('takes the oldest failures first, and only those that match', async () => {
    const ids = await failed('d.filter', 3, { code: 'no_luck', sqlstate: '23505' });
    await failed('d.filter', 2, { code: 'other', sqlstate: '22012' });
    expect(await redriveChannel("'d.filter', p_code => 'nothing'")).toBe(0);
    expect(await redriveChannel("'d.filter', p_sqlstate => '23', p_limit => 2")).toBe(2);
    expect(await claim(db, await takeSlot(db), 'd.filter')).toEqual(ids.slice(0, 2));
    expect(await redriveChannel("'d.filter', p_sqlstate => '23505', p_code => 'no_luck'")).toBe(1);
    expect(await redriveChannel("'d.filter'")).toBe(2);
    expect(await failedIds('d.filter')).toEqual([]);
  });

  test('p_per_second spreads them evenly over time, in order', async () => {
    const ids = await failed('d.rate', 5);
    await redriveChannel("'d.rate', p_per_second => 0.5");
    const rows = await db.query(
      "select id::text, state, round(extract(epoch from run_at - min(run_at) over ()))::integer as after from pgrelay.events where channel = 'd.rate' order by run_at",
    );
    expect(rows).toEqual(ids.map((id, i) => ({ id, state: i === 0 ? 'ready' : 'delayed', after: 2 * i })));
  });

  test('by error in every channel, at one rate for all of them; what no channel takes any more stays', async () => {
    const error = { code: 'outage', sqlstate: '58030' };
    const a = await failed('d.all.a', 2, error);
    const b = await failed('d.all.b', 2, error);
    const gone = await failed('d.all.gone', 1, error);
    await failed('d.all.a', 1, { code: 'other' });
    await db.query("select pgrelay.drop_channel('d.all.gone')");
    await expect(redriveChannel('null')).rejects.toMatchObject({ code: 'PR004', hint: expect.any(String) });
    expect(await redriveChannel("null, p_code => 'outage', p_limit => 1")).toBe(1);
    expect(await redriveChannel("null, p_sqlstate => '58', p_per_second => 0.5")).toBe(3);
    expect(await failedIds('d.all.a')).toHaveLength(1);
    expect(await failedIds('d.all.gone')).toEqual(gone);
    const rows = await db.query(
      "select id::text, round(extract(epoch from run_at - min(run_at) over ()))::integer as after from pgrelay.events where channel like 'd.all._' and id <> $1 order by run_at",
      [a[0]],
    );
    expect(rows).toEqual([a[1], ...b].map((id, i) => ({ id, after: 2 * i })));
  });

  test('by SQLSTATE, by class, by code and one by one, at a rate', async () => {
    const ids = await failed('d.each', 4, { code: 'no_luck', sqlstate: '23505' });
    for (const filter of ["p_sqlstate => '23505'", "p_sqlstate => '23'", "p_code => 'no_luck'"])
      expect(await redriveChannel(`'d.each', ${filter}, p_limit => 1, p_per_second => 10`)).toBe(1);
    await db.query('select pgrelay.redrive($1)', [ids[3]]);
    expect(await failedIds('d.each')).toEqual([]);
  });

  test.each(["'d.rate', p_limit => 0", "'d.rate', p_per_second => 0", "'d.rate', p_per_second => 'NaN'"])(
    'refuses (%s)',
    async (call) => {
      await expect(redriveChannel(call)).rejects.toMatchObject({ code: 'PR004', hint: expect.any(String) });
    },
  );
});

describe('on_failure', () => {
  const reports = (channel: string) =>
    db.query<{ payload: string }>(
      'select payload from pgrelay.queue q join pgrelay.channels c on c.id = q.channel_id where c.name = $1 order by q.place',
      [channel],
    );

  test('an event that fails for good sends a report without its payload; a retry sends none', async () => {
    await db.query("select pgrelay.register_channel('f.alarm')");
    await db.query("select pgrelay.register_channel('f.sql', 'select $1::integer', p_on_failure => 'f.alarm')");
    await db.query("select pgrelay.register_channel('f.handler', p_on_failure => 'f.alarm')");
    await db.query("select pgrelay.notify('f.handler', 'SECRET')");
    const [row] = await db.query<{ id: string }>("select pgrelay.notify('f.sql', 'SECRET')::text as id");
    const slot = await takeSlot(db);
    await runBatch(db, slot, 'f.sql');
    const ids = await claim(db, slot, 'f.handler');
    await settle(db, slot, ids, 'retried', 0);
    expect((await reports('f.alarm')).map((r) => JSON.parse(r.payload))).toEqual([
      { event_id: row?.id, channel: 'f.sql', code: 'action_error', sqlstate: '22P02', attempt: 1 },
    ]);
    await db.query(
      "select pgrelay.pause_channel('f.alarm'), pgrelay.disable_channel('f.alarm'), pgrelay.promote_v1(10)",
    );
    await settle(db, slot, await claim(db, slot, 'f.handler'), 'failed', null, { code: 'gone', message: 'SECRET' });
    const all = await reports('f.alarm');
    expect(JSON.parse(all[1]?.payload ?? '')).toEqual({
      event_id: ids[0],
      channel: 'f.handler',
      code: 'gone',
      sqlstate: null,
      attempt: 2,
    });
    expect(JSON.stringify(all)).not.toContain('SECRET');
  });

  test('the report commits with the failure, or not at all', async () => {
    await db.query(
      "select pgrelay.register_channel('f.report'), pgrelay.register_channel('f.tx', p_on_failure => 'f.report')",
    );
    await db.query("select pgrelay.notify('f.tx')");
    const slot = await takeSlot(db);
    const ids = await claim(db, slot, 'f.tx');
    await db.query('begin');
    await settle(db, slot, ids, 'failed', null, { code: 'x' });
    expect(await reports('f.report')).toHaveLength(1);
    await db.query('rollback');
    expect(await reports('f.report')).toEqual([]);
    expect(await failedIds('f.tx')).toEqual([]);
  });

  test('a quarantined event is reported too; one whose channel is dropped is not', async () => {
    await db.query(
      "select pgrelay.register_channel('f.dead'), pgrelay.register_channel('f.killer', p_on_failure => 'f.dead')",
    );
    await db.query("select pgrelay.notify('f.killer')");
    for (let n = 0; n < 3; n += 1) {
      await claim(db, await takeSlot(db, 1), 'f.killer');
      await db.query('select pg_sleep(0.01)');
      await db.query('select pgrelay.bury_v1()');
      await db.query('select pgrelay.rescue_v1()');
    }
    expect((await reports('f.dead')).map((r) => JSON.parse(r.payload).code)).toEqual(['quarantined']);
    await db.query("select pgrelay.notify('f.killer'), pgrelay.drop_channel('f.killer', p_force => true)");
    expect(await reports('f.dead')).toHaveLength(1);
  });

  test('a chain of three reports ends, and cannot be closed into a ring by way of others', async () => {
    for (const [name, to] of [
      ['f.c3', null],
      ['f.c2', 'f.c3'],
      ['f.c1', 'f.c2'],
    ])
      await db.query('select pgrelay.register_channel($1, p_on_failure => $2)', [name, to]);
    await expect(
      db.query("select pgrelay.register_channel('f.c3', p_on_failure => 'f.c1', p_replace => true)"),
    ).rejects.toMatchObject({ code: 'PR004' });
    await db.query("select pgrelay.notify('f.c1')");
    const slot = await takeSlot(db);
    for (const channel of ['f.c1', 'f.c2', 'f.c3'])
      await settle(db, slot, await claim(db, slot, channel), 'failed', null, { code: 'x' });
    expect(await failedIds('f.c3')).toHaveLength(1);
    expect(await db.query("select from pgrelay.events where channel like 'f.c_'")).toEqual([]);
  });

  test('when the channel of the reports is dropped, failures go on without it, and the reports that waited are kept', async () => {
    await db.query(
      "select pgrelay.register_channel('f.away'), pgrelay.register_channel('f.stays', p_on_failure => 'f.away'), pgrelay.notify('f.stays'), pgrelay.notify('f.stays')",
    );
    const slot = await takeSlot(db);
    const [first, second] = await claim(db, slot, 'f.stays');
    await settle(db, slot, [first as string], 'failed', null, { code: 'x' });
    await expect(db.query("select pgrelay.drop_channel('f.away')")).rejects.toMatchObject({ code: 'PR007' });
    await db.query("select pgrelay.drop_channel('f.away', p_force => true)");
    await settle(db, slot, [second as string], 'failed', null, { code: 'x' });
    expect(await failedIds('f.stays')).toEqual([first, second]);
    expect(await failedIds('f.away')).toHaveLength(1);
  });

  test('it must exist and must not come back to the channel; the empty name takes it away', async () => {
    await db.query("select pgrelay.register_channel('f.a')");
    await expect(db.query("select pgrelay.register_channel('f.b', p_on_failure => 'f.nowhere')")).rejects.toMatchObject(
      { code: 'PR001' },
    );
    await db.query("select pgrelay.register_channel('f.b', p_on_failure => 'f.a')");
    for (const name of ['f.a', 'f.b'])
      await expect(
        db.query("select pgrelay.register_channel('f.a', p_on_failure => $1, p_replace => true)", [name]),
      ).rejects.toMatchObject({ code: 'PR004' });
    await db.query("select pgrelay.register_channel('f.b', p_replace => true, p_max_payload => 9)");
    const kept = "select on_failure is not null as kept from pgrelay.channel where name = 'f.b'";
    await db.query('set role pgrelay_owner');
    expect(await db.query(kept)).toEqual([{ kept: true }]);
    await db.query('reset role');
    await db.query("select pgrelay.register_channel('f.b', p_replace => true, p_on_failure => '')");
    await db.query('set role pgrelay_owner');
    expect(await db.query(kept)).toEqual([{ kept: false }]);
    await db.query('reset role');
  });
});
