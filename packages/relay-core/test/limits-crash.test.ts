import { until, useDatabase } from '@pgrelay/test-support';
import { beforeAll, expect, test } from 'vitest';
import { ChildProcessor } from './support/child.js';
import { untilIdle } from './support/running.js';

const db = useDatabase();
const channels = ['concurrency', 'key', 'fifo', 'fair', 'rate', 'transactional', 'batch', 'sql'].map(
  (name) => `l.${name}`,
);
const sent: Record<string, number> = {};

interface Run {
  readonly event_id: string;
  readonly key: string | null;
  readonly attempt: number;
  readonly began: number;
  readonly ended: number | null;
}

beforeAll(async () => {
  await db.query(
    'create table runs (n bigserial primary key, channel text, event_id bigint, key text, attempt int, began timestamptz, ended timestamptz); grant select, insert, update on runs to pgrelay; grant usage on sequence runs_n_seq to pgrelay',
  );
  await db.query('create table starts (channel_id int, at timestamptz); grant insert on starts to pgrelay_owner');
  await db.query(
    'create function note_start() returns trigger language plpgsql as $$ begin insert into public.starts values (new.channel_id, new.claimed_at); return null; end $$',
  );
  await db.query('set role pgrelay_owner');
  await db.query(
    'create trigger note_start after update on pgrelay.queue for each row when (old.slot is null and new.permit is not null) execute function public.note_start()',
  );
  await db.query('reset role');
  for (const channel of channels.filter((name) => name !== 'l.sql'))
    await db.query('select pgrelay.register_channel($1, p_mode => $2)', [
      channel,
      channel === 'l.transactional' ? 'transactional' : 'leased',
    ]);
  await db.query(
    `select pgrelay.register_channel('l.sql', p_parallel => true, p_action_sql => 'insert into public.runs (channel, event_id, key, attempt, began)
       select ''l.sql'', e.id, e.key, e.attempt, clock_timestamp() from pgrelay.current_event() e;
     select pg_sleep(0.002);
     update public.runs set ended = clock_timestamp() where event_id = (pgrelay.current_event()).id and ended is null')`,
  );
  await db.query("select pgrelay.set_limits('l.sql', p_concurrency => 2, p_fifo => true)");
});

async function send(channel: string, count: number, keys: number, payload: (n: number) => object = () => ({})) {
  sent[channel] = (sent[channel] ?? 0) + count;
  await db.query('select pgrelay.notify_many($1, $2, p_key => $3)', [
    channel,
    Array.from({ length: count }, (_, n) => JSON.stringify(payload(n))),
    Array.from({ length: count }, (_, n) => (keys === 0 ? null : `k${n % keys}`)),
  ]);
}

/** What ran of a channel, in the order in which it began; an attempt that was lost ended when it was taken back. */
async function runs(channel: string): Promise<Run[]> {
  return db.query<Run>(
    `select r.event_id::text, r.key, r.attempt, extract(epoch from r.began)::float8 as began,
       extract(epoch from coalesce(r.ended, (select l.finished_at from pgrelay.log l where l.event_id = r.event_id and l.attempt = r.attempt)))::float8 as ended
     from runs r where r.channel = $1 order by r.began, r.n`,
    [channel],
  );
}

/** The most that ran at the same time. */
function most(all: readonly Run[]): number {
  const steps = all.flatMap(({ began, ended }) => [
    { at: began, by: 1 },
    { at: ended ?? Number.POSITIVE_INFINITY, by: -1 },
  ]);
  let now = 0;
  let highest = 0;
  for (const { by } of steps.sort((a, b) => a.at - b.at || a.by - b.by)) {
    now += by;
    highest = Math.max(highest, now);
  }
  return highest;
}

const byKey = (all: readonly Run[]): Run[][] =>
  [...new Set(all.map((run) => run.key))].map((key) => all.filter((run) => run.key === key));

test('three Processors, one killed while it holds permits: no limit is exceeded, and nothing leaks', async () => {
  const again = (n: number) => ({ again: n % 10 === 0 });
  await send('l.concurrency', 200, 0);
  await send('l.key', 240, 6, again);
  await send('l.fifo', 480, 24, again);
  await send('l.fair', 300, 1);
  await send('l.fair', 60, 20, () => ({ ms: 1 }));
  await send('l.rate', 60, 0);
  await send('l.transactional', 80, 8, again);
  await send('l.batch', 120, 10, again);
  await send('l.sql', 300, 7);

  const start = (env = {}) => new ChildProcessor(db.url, { fixture: 'limited-processor', env });
  const victim = start({ HANG: '1' });
  const handled = channels.filter((channel) => channel !== 'l.transactional' && channel !== 'l.sql');
  for (const channel of handled) await victim.printed(`hangs in ${channel}`);
  const others = [start(), start()];
  for (const child of others) await child.printed('ready');
  await until(
    async () => (await runs('l.fifo')).some((run) => run.ended !== null),
    'the others run what the first has left them',
  );
  const held = await db.query<{ channel: string }>(
    'select distinct c.name as channel from pgrelay.queue q join pgrelay.channels c on c.id = q.channel_id where q.slot = $1 and q.permit is not null',
    [/ready (\d+)/.exec(victim.out)?.[1]],
  );
  expect(held.map((row) => row.channel)).toEqual(expect.arrayContaining(handled));
  victim.signal('SIGKILL');
  await victim.exited;
  await untilIdle(db, ...channels);

  for (const child of others) child.signal('SIGTERM');
  for (const child of others) expect(await child.exited).toBe(0);

  // Nothing leaks: every event has ended, once, and no permit is left.
  for (const channel of channels)
    expect(
      await db.query(
        "select count(*)::int as n, count(distinct event_id)::int as events from pgrelay.log where channel = $1 and outcome = 'done'",
        [channel],
      ),
      channel,
    ).toEqual([{ n: sent[channel], events: sent[channel] }]);
  expect(await db.query('select channel from pgrelay.limits where running <> 0')).toEqual([]);
  expect((await db.query("select from pgrelay.log where outcome = 'lost'")).length).toBeGreaterThanOrEqual(1);

  expect(most(await runs('l.concurrency'))).toBe(3);
  for (const all of byKey(await runs('l.key'))) expect(most(all)).toBeLessThanOrEqual(2);
  expect(most(await runs('l.fair'))).toBeLessThanOrEqual(4);
  expect(most(await runs('l.transactional'))).toBeLessThanOrEqual(2);
  expect(most(await runs('l.batch'))).toBeLessThanOrEqual(6);
  for (const all of byKey(await runs('l.batch'))) expect(most(all)).toBe(1);
  expect(most(await runs('l.sql'))).toBeLessThanOrEqual(2);
  for (const channel of ['l.fifo', 'l.transactional', 'l.sql'])
    for (const all of byKey(await runs(channel))) {
      expect(most(all), channel).toBe(1);
      expect(
        all.map((run) => Number(run.event_id)),
        channel,
      ).toEqual(all.map((run) => Number(run.event_id)).sort((a, b) => a - b));
    }

  // The key with 300 events had no more than its share while the others had some.
  const fair = await runs('l.fair');
  const lastOfOthers = fair.findLastIndex((run) => run.key !== 'k0');
  expect(fair.slice(0, lastOfOthers).filter((run) => run.key === 'k0').length).toBeLessThanOrEqual(30);

  const starts = await db.query<{ at: number }>(
    "select extract(epoch from s.at)::float8 * 1000 as at from starts s join pgrelay.channels c on c.id = s.channel_id where c.name = 'l.rate' order by 1",
  );
  const within = starts.map(({ at }) => starts.filter((other) => other.at >= at && other.at < at + 700).length);
  expect(starts.length).toBeGreaterThanOrEqual(60);
  expect(Math.max(...within)).toBe(15);
}, 120_000);
