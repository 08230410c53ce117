import { useDatabase } from '@pgrelay/test-support';
import { expect, test } from 'vitest';
import { reclaimTask } from '../src/tasks/reclaim-task.js';
import { logLines } from './support/log-lines.js';
import { channelId } from './support/watched-marks.js';

const db = useDatabase();

test('race: a claim whose reply is lost is given back at the second look, one whose reply comes late is not', async () => {
  await db.query("select pgrelay.register_channel('r.lost')");
  const rows = await db.query<{ slot: number; epoch: string }>(
    "select slot, epoch::text from pgrelay.attach_v1('test', 1, 'test', 600000, 1, '{}')",
  );
  const fence = { slot: rows[0]?.slot ?? 0, epoch: rows[0]?.epoch ?? '' };
  const claimer = await db.session('claimer');
  const claim = async () => {
    const claimed = await claimer.query<{ id: string }>(
      'select id::text from pgrelay.claim_v1($1, $2, 1::smallint, $3, 1)',
      [fence.slot, fence.epoch, await channelId(db, 'r.lost')],
    );
    return claimed[0]?.id ?? '';
  };
  const states = async () =>
    (await db.query<{ state: string }>("select state from pgrelay.events where channel = 'r.lost' order by id")).map(
      (row) => row.state,
    );
  const { log } = logLines();
  const context = { control: await db.connect(), log, signal: new AbortController().signal };
  const inMemory = new Set<string>();
  const task = reclaimTask(
    () => fence,
    (_fence, id) => inMemory.has(id),
    () => 1,
  );

  await db.query("select pgrelay.notify('r.lost'), pgrelay.notify('r.lost')");
  await claim(); // committed, and its reply is lost
  const late = await claim(); // committed, and its reply is under way
  expect(await task.run(context)).toBeLessThan(task.everyMs); // it looks again soon
  expect(await states()).toEqual(['claimed', 'claimed']);
  inMemory.add(late); // the reply has come
  await task.run(context);
  expect(await states()).toEqual(['ready', 'claimed']);
  expect(await db.query("select attempt, lost from pgrelay.events where state = 'ready'")).toEqual([
    { attempt: 0, lost: 0 },
  ]);
  expect(await task.run(context)).toBe(task.everyMs);
});
