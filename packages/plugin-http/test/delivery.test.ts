import { http } from '@pgrelay/plugin-http';
import { Processor } from '@pgrelay/relay-core';
import { until, useDatabase } from '@pgrelay/test-support';
import { type Logger, pino } from 'pino';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { Receiver } from './support/receiver.js';

const database = useDatabase();
const receiver = new Receiver();
const lines: string[] = [];
const log: Logger = pino({ level: 'trace' }, { write: (line: string) => void lines.push(line) });
let processor: Processor | undefined;

beforeAll(() => receiver.start());
afterEach(() => processor?.stop());
afterAll(() => receiver.stop());

async function deliver(channel: string, options: Parameters<typeof http>[0]): Promise<void> {
  const plugins = [http({ allowHttp: true, allowAddresses: ['127.0.0.1'], ...options })];
  processor = new Processor({ connectionString: database.url, plugins, pollIntervalMs: 50, log });
  await processor.start();
  expect(
    await database.query('select kind, mode, handler_kind from pgrelay.channels where name = $1', [channel]),
  ).toEqual([{ kind: 'handler', mode: 'leased', handler_kind: 'http' }]);
}

async function notify(channel: string, payload: string | null): Promise<string> {
  const rows = await database.query<{ id: string }>('select pgrelay.notify($1, $2)::text as id', [channel, payload]);
  return rows[0]?.id ?? '';
}

function ended(eventId: string, attempts = 1): Promise<{ outcome: string; attempt: number; code: string | null }[]> {
  return until(async () => {
    const rows = await database.query<{ outcome: string; attempt: number; code: string | null }>(
      'select outcome, attempt, code from pgrelay.log where event_id = $1 order by attempt',
      [eventId],
    );
    return rows.length >= attempts && rows;
  }, `event ${eventId} has ended ${attempts} times`);
}

test('posts the payload as it is, with the headers, on a connection that is kept', async () => {
  const headers = { authorization: 'Bearer canary-secret' };
  await deliver('ok', { endpoints: { ok: { url: receiver.url('/ok?token=canary-token'), headers, concurrency: 1 } } });
  const payload = '{"n":  1, "text": "canary-payload ü"}';
  const ids = [await notify('ok', payload), await notify('ok', null)];
  for (const id of ids) expect(await ended(id)).toEqual([{ outcome: 'done', attempt: 1, code: null }]);

  const [first, second] = receiver.to('/ok?token=canary-token');
  expect(first).toMatchObject({ method: 'POST', body: payload });
  expect(first?.headers).toMatchObject({ 'content-type': 'application/json', authorization: headers.authorization });
  expect([first?.headers['webhook-id'], second?.headers['webhook-id']]).toEqual(ids);
  expect(second?.body).toBe('');
  expect(second?.port).toBe(first?.port);
});

test('a 503 is tried again with the same webhook-id, up to five seconds later', async () => {
  const url = receiver.answer('/flaky', (response, count) => response.writeHead(count === 1 ? 503 : 200).end());
  await deliver('flaky', { endpoints: { flaky: { url } } });
  const id = await notify('flaky', '"canary-payload"');
  expect(await ended(id)).toEqual([{ outcome: 'retried', attempt: 1, code: 'http_503' }]);
  const [wait] = await database.query<{ seconds: number }>(
    `select extract(epoch from d.run_at - l.finished_at)::float8 as seconds
     from pgrelay.delayed d join pgrelay.log l on l.event_id = d.id where d.id = $1`,
    [id],
  );
  expect(wait?.seconds).toBeGreaterThanOrEqual(2.5);
  expect(wait?.seconds).toBeLessThanOrEqual(5.001);

  await database.query('update pgrelay.delayed set run_at = clock_timestamp() where id = $1', [id]);
  expect((await ended(id, 2))[1]).toEqual({ outcome: 'done', attempt: 2, code: null });
  expect(receiver.to('/flaky').map((request) => request.headers['webhook-id'])).toEqual([id, id]);
});

/** How long an event waits for its next attempt, by the times of the database. */
async function waits(id: string): Promise<number> {
  const [row] = await database.query<{ seconds: number }>(
    `select extract(epoch from d.run_at - (select max(l.finished_at) from pgrelay.log l where l.event_id = d.id))::float8 as seconds
     from pgrelay.delayed d where d.id = $1`,
    [id],
  );
  return Math.round(row?.seconds ?? -1);
}

test('408, 425, 429 and 5xx are tried again; other statuses fail at once', async () => {
  const statuses = [408, 425, 429, 500, 503, 599, 301, 308, 400, 401, 404, 422];
  const url = (status: number) => receiver.answer(`/status/${status}`, status);
  await deliver('s408', {
    endpoints: Object.fromEntries(statuses.map((status) => [`s${status}`, { url: url(status) }])),
  });
  for (const status of statuses) {
    const outcome = statuses.indexOf(status) < 6 ? 'retried' : 'failed';
    expect(await ended(await notify(`s${status}`, '1'))).toEqual([{ outcome, attempt: 1, code: `http_${status}` }]);
  }
});

test('the schedule is 5 s, 5 min, 30 min, 2 h, 5 h, 10 h, less up to half at random, and then it fails; a lost attempt takes nothing of it', async () => {
  const url = receiver.answer('/schedule', 503);
  await deliver('schedule', { endpoints: { schedule: { url } } });
  const id = await notify('schedule', '1');
  const shortened: number[] = [];
  for (const [index, seconds] of [5, 300, 1_800, 7_200, 18_000, 36_000].entries()) {
    await ended(id, index + 1);
    const waited = await waits(id);
    shortened.push(seconds - waited);
    expect(waited).toBeGreaterThanOrEqual(Math.floor(seconds / 2));
    expect(waited).toBeLessThanOrEqual(seconds);
    await database.query('update pgrelay.delayed set run_at = clock_timestamp(), attempt = attempt + 1 where id = $1', [
      id,
    ]);
  }
  expect((await ended(id, 7))[6]).toMatchObject({ outcome: 'failed', code: 'http_503' });
  expect(Math.max(...shortened)).toBeGreaterThan(0);
});

test('Retry-After is waited for and counts as no retry; a rule of the channel goes before the schedule', async () => {
  const busy = receiver.answer('/busy', (response) => response.writeHead(429, { 'retry-after': '600' }).end());
  const missing = receiver.answer('/missing', 404);
  await deliver('busy', { endpoints: { busy: { url: busy }, missing: { url: missing } } });
  const id = await notify('busy', '1');
  expect(await ended(id)).toEqual([{ outcome: 'snoozed', attempt: 1, code: null }]);
  expect(await waits(id)).toBe(600);
  expect(await database.query('select retried from pgrelay.delayed where id = $1', [id])).toEqual([{ retried: 0 }]);
  await database.query("select pgrelay.set_retry('missing', 'http:404', p_delays => array[interval '42 s'])");
  const other = await notify('missing', '1');
  expect(await ended(other)).toMatchObject([{ outcome: 'retried', code: 'http_404' }]);
  expect(await waits(other)).toBe(42);
});

test('other 4xx and redirects fail at once; the payload stays in pgrelay.failed', async () => {
  const gone = receiver.answer('/gone', 404);
  const moved = receiver.answer('/moved', (response) =>
    response.writeHead(302, { location: receiver.url('/elsewhere') }).end(),
  );
  await deliver('gone', { endpoints: { gone: { url: gone }, moved: { url: moved } } });
  const ids = [await notify('gone', '"canary-payload"'), await notify('moved', '1')];
  expect(await ended(ids[0] ?? '')).toMatchObject([{ outcome: 'failed', code: 'http_404' }]);
  expect(await ended(ids[1] ?? '')).toMatchObject([{ outcome: 'failed', code: 'http_302' }]);
  expect(receiver.to('/elsewhere')).toEqual([]);
  expect(await database.query('select payload from pgrelay.failed where id = $1', [ids[0]])).toEqual([
    { payload: '"canary-payload"' },
  ]);
});

test('a silent endpoint and an unreachable one are tried again, and given up when the schedule is used up', async () => {
  const silent = receiver.answer('/silent', () => undefined);
  const closed = new Receiver();
  await closed.start();
  const unreachable = closed.url('/');
  await closed.stop();
  const retryDelaysMs = [0];
  await deliver('silent', {
    endpoints: {
      silent: { url: silent, retryDelaysMs, timeoutMs: 100 },
      unreachable: { url: unreachable, retryDelaysMs },
    },
  });
  for (const channel of ['silent', 'unreachable']) {
    const code = channel === 'silent' ? 'http_timeout' : 'http_unreachable';
    expect(await ended(await notify(channel, '1'), 2)).toEqual([
      { outcome: 'retried', attempt: 1, code },
      { outcome: 'failed', attempt: 2, code },
    ]);
  }
});

test('an answer that never ends counts by its status', async () => {
  const url = receiver.answer('/endless', (response) => response.writeHead(200).write('and so on '));
  await deliver('endless', { endpoints: { endless: { url, timeoutMs: 2_000 } } });
  expect(await ended(await notify('endless', '1'))).toMatchObject([{ outcome: 'done' }]);
});

test('no payload, header, token or answer was logged', async () => {
  expect(lines.length).toBeGreaterThan(10);
  expect(lines.filter((line) => /canary|the answer|127\.0\.0\.1/.test(line))).toEqual([]);
  const rows = await database.query(
    'select l::text as text from pgrelay.log l union all select p::text from pgrelay.get_problems() p',
  );
  expect(JSON.stringify(rows)).not.toMatch(/canary|the answer/);
});
