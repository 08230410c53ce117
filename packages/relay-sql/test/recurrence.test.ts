import { useDatabase } from '@pgrelay/test-support';
import { beforeAll, describe, expect, test } from 'vitest';
import { channelId, logOf, runBatch, takeSlot } from './support/slot.js';

const db = useDatabase();
const runs = 10_000;
const start = "timestamptz '2030-01-01 00:00:00.123Z'";
const problems = () => db.query("select object, remedy from pgrelay.get_problems() where code = 'recurrence_broken'");

/** From here on the relay's clock stands still until a test moves it. */
beforeAll(async () => {
  await db.query(`create table public.test_clock as select ${start} as at`);
  await db.query('grant select on public.test_clock to public');
  await db.query(
    'create or replace function pgrelay.clock_now() returns timestamptz language sql volatile parallel safe as $$ select at from public.test_clock $$',
  );
  await db.query(
    'create table public.audit (planned timestamptz, ran timestamptz); create table public.broken (is_so boolean)',
  );
  await db.query(
    'insert into broken values (false); grant select on broken to pgrelay; grant select, insert on audit to pgrelay',
  );
});

/** The job writes an audit row and sends itself the next event, an hour after its own planned time (its payload). */
async function register(channel: string): Promise<void> {
  await db.query('select pgrelay.register_channel($1, $2)', [
    channel,
    `insert into audit values ($1::timestamptz, pgrelay.clock_now());
     select 1 / (not is_so)::integer from broken;
     select pgrelay.notify('${channel}', ($1::timestamptz + interval '1 hour')::text, p_run_at => $1::timestamptz + interval '1 hour')`,
  ]);
  await db.query(`select pgrelay.notify($1, (${start})::text)`, [channel]);
}

describe('a job that sends its own next event', () => {
  test(`runs ${runs} times without drift, one audit row a run, however late each run is`, async () => {
    await register('j.hourly');
    const slot = await takeSlot(db);
    await db.query(`do $$
      declare
        v_due double precision;
        v_done integer;
      begin
        for v_run in 1 .. ${runs} loop
          update public.test_clock set at = ${start} + (v_run - 1) * interval '1 hour' + (v_run % 50) * interval '1 minute';
          v_due := pgrelay.promote_v1(10);
          select b.done into v_done from pgrelay.run_batch_v1(${slot.slot}::smallint, ${slot.epoch}, 1::smallint, ${await channelId(db, 'j.hourly')}, 10, false, 10000) b;
          if v_done <> 1 then
            raise 'run % ran % events', v_run, v_done;
          end if;
          commit;
        end loop;
      end $$`);
    const [audit] = await db.query(
      `select count(*)::integer as rows, count(distinct planned)::integer as times, min(planned) = ${start} as first,
         max(planned) = ${start} + ${runs - 1} * interval '1 hour' as last, bool_and(ran - planned < interval '50 minutes' and ran >= planned) as in_time
       from audit`,
    );
    expect(audit).toEqual({ rows: runs, times: runs, first: true, last: true, in_time: true });
    expect(
      await db.query(
        "select count(*)::integer as n, count(distinct event_id)::integer as ids from pgrelay.log where channel = 'j.hourly' and outcome = 'done'",
      ),
    ).toEqual([{ n: runs, ids: runs }]);
    expect(
      await db.query(
        `select state, run_at = ${start} + ${runs} * interval '1 hour' as on_time from pgrelay.events where channel = 'j.hourly'`,
      ),
    ).toEqual([{ state: 'delayed', on_time: true }]);
    expect(await problems()).toEqual([]);
  }, 600_000);

  test('a broken recurrence is a problem row until redrive resumes it', async () => {
    await db.query('delete from audit; update broken set is_so = true');
    await db.query(`update public.test_clock set at = ${start}`);
    await register('j.breaks');
    const slot = await takeSlot(db);
    expect(await runBatch(db, slot, 'j.breaks')).toMatchObject({ failed: 1 });
    expect(await db.query("select from pgrelay.events where channel = 'j.breaks'")).toEqual([]);
    expect(await problems()).toEqual([
      { object: 'channel j.breaks', remedy: expect.stringContaining('redrive_channel') },
    ]);
    await db.query('update broken set is_so = false');
    expect(await db.query("select pgrelay.redrive_channel('j.breaks')::integer as n")).toEqual([{ n: 1 }]);
    expect(await problems()).toEqual([]);
    expect(await runBatch(db, slot, 'j.breaks')).toMatchObject({ done: 1 });
    expect(await db.query(`select planned = ${start} as same from audit`)).toEqual([{ same: true }]);
    expect(
      await db.query(
        `select run_at = ${start} + interval '1 hour' as on_time from pgrelay.events where channel = 'j.breaks'`,
      ),
    ).toEqual([{ on_time: true }]);
    expect((await logOf(db, 'j.breaks')).map((row) => row.outcome).sort()).toEqual(['done', 'failed']);
  });

  test('one that does so through a function of its own is known once it has done it; one by array too', async () => {
    await db.query(`create function public.again(p_channel text, p_many boolean) returns void language plpgsql as $$ begin
      perform 1 / (not is_so)::integer from broken;
      if p_many then perform pgrelay.notify_many(p_channel, array[null], array[pgrelay.clock_now() + interval '1 hour']);
      else perform pgrelay.notify(p_channel, null, pgrelay.clock_now() + interval '1 hour'); end if; end $$`);
    const slot = await takeSlot(db);
    for (const many of [false, true]) {
      const channel = `j.hidden.${many}`;
      await db.query('select pgrelay.register_channel($1, $2)', [
        channel,
        `select public.again((pgrelay.current_event()).channel, ${many})`,
      ]);
      await db.query('select pgrelay.notify($1)', [channel]);
      expect(await runBatch(db, slot, channel)).toMatchObject({ done: 1 });
      await db.query("update broken set is_so = true; update public.test_clock set at = at + interval '1 hour'");
      await db.query('set role pgrelay_owner; select pgrelay.promote_v1(10); reset role');
      expect(await problems()).toEqual([]);
      expect(await runBatch(db, slot, channel)).toMatchObject({ failed: 1 });
      expect(await problems()).toMatchObject([{ object: `channel ${channel}` }]);
      await db.query('update broken set is_so = false');
      await db.query('select pgrelay.redrive_channel($1)', [channel]);
      expect(await problems()).toEqual([]);
      expect(await runBatch(db, slot, channel)).toMatchObject({ done: 1 });
    }
  });

  test('a channel that sends to others only is no recurrence', async () => {
    await db.query(
      "select pgrelay.register_channel('j.other'), pgrelay.register_channel('j.once', 'select pgrelay.notify(''j.other'', $1), 1 / (is_so::integer * 0) from broken')",
    );
    await db.query("select pgrelay.notify('j.once')");
    expect(await runBatch(db, await takeSlot(db), 'j.once')).toMatchObject({ failed: 1 });
    expect(await problems()).toEqual([]);
  });
});
