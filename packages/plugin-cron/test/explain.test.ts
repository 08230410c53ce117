import { useDatabase } from '@pgrelay/test-support';
import { expect, test } from 'vitest';

const db = useDatabase();

test('a run is explained like any other event, and is in pgrelay_cron.runs', async () => {
  await db.query("select pgrelay_cron.schedule('why', '@daily', 'select 1')");
  const [row] = await db.query<{ id: string }>("select pgrelay_cron.run_now('why')::text as id");
  const reasons = async () =>
    (await db.query<{ reason: string }>('select reason from pgrelay.explain_event($1)', [row?.id])).map(
      (r) => r.reason,
    );
  expect(await reasons()).toEqual(['no_processor']);
  await db.query("select pgrelay.pause_channel('cron.why')");
  expect(await reasons()).toContain('channel_paused');
  await db.query("select pgrelay.resume_channel('cron.why')");
  await db.query('call pgrelay.run()');
  expect(await reasons()).toEqual(['done']);
  expect(await db.query('select job, outcome, attempt from pgrelay_cron.runs where event_id = $1', [row?.id])).toEqual([
    { job: 'why', outcome: 'done', attempt: 1 },
  ]);
});
