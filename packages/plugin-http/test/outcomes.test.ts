import { until, useDatabase } from '@pgrelay/test-support';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Deliveries } from './support/deliveries.js';
import { Receiver } from './support/receiver.js';

const database = useDatabase();
const receiver = new Receiver();
const deliveries = new Deliveries(database);

beforeAll(async () => {
  await receiver.start();
  await database.query("select pgrelay.register_channel('alerts'), pgrelay.register_channel('deaf')");
  await deliveries.start();
});
afterAll(async () => {
  await deliveries.stop();
  await receiver.stop();
});

async function alerts(about: string): Promise<unknown[]> {
  await database.query('set role pgrelay_owner');
  const rows = await database.query<{ payload: string }>(
    "select q.payload from pgrelay.queue q join pgrelay.channel c on c.id = q.channel_id where c.name = 'alerts' order by q.id",
  );
  await database.query('reset role');
  return rows.map(({ payload }) => JSON.parse(payload)).filter(({ channel }) => channel === about);
}

test('410 pauses the channel, notify() still succeeds, and nothing is lost', async () => {
  await deliveries.register('gone', receiver.answer('/gone', 410), "p_alert_channel => 'alerts'");
  const first = await deliveries.notify('gone');
  expect(await deliveries.ended(first)).toEqual([{ outcome: 'snoozed', attempt: 1, code: null }]);
  expect(await database.query("select state from pgrelay.channels where name = 'gone'")).toEqual([{ state: 'paused' }]);
  expect(await deliveries.problems()).toMatchObject([{ code: 'http_gone', object: 'channel gone' }]);
  expect(await alerts('gone')).toMatchObject([{ about: 'gone', failing: 1, code: 'http_410' }]);

  const second = await deliveries.notify('gone');
  expect(await database.query('select state from pgrelay.events where id = $1', [second])).toEqual([
    { state: 'ready' },
  ]);
  receiver.answer('/gone', 204);
  await database.query("select pgrelay.resume_channel('gone')");
  expect(await deliveries.ended(second)).toMatchObject([{ outcome: 'done' }]);
  expect((await deliveries.ended(first, 2))[1]).toMatchObject({ outcome: 'done' });
  expect(await deliveries.problems()).toEqual([]);
});

test('an endpoint that keeps failing is alerted on once, then paused, then probed, and its recovery is told', async () => {
  const url = receiver.answer('/flaky', 503);
  await deliveries.register(
    'flaky',
    url,
    "p_alert_channel => 'alerts', p_alert_after => 2, p_pause_after => 3, p_concurrency => 1, p_retry_delays => '{1 hour}'",
  );
  const ids = [];
  for (let event = 0; event < 5; event += 1) ids.push(await deliveries.notify('flaky', String(event)));
  await until(
    async () =>
      (await database.query("select from pgrelay.breakers where channel = 'flaky' and state <> 'closed'")).length > 0,
    'the breaker is open',
  );
  expect(receiver.to('/flaky')).toHaveLength(3);
  expect(await alerts('flaky')).toMatchObject([{ about: 'failing', failing: 2, code: 'http_503' }]);
  expect(await deliveries.problems()).toMatchObject([{ code: 'http_failing', object: 'channel flaky' }]);
  expect(await database.query("select code from pgrelay.get_problems() where object = 'channel flaky'")).toEqual([
    { code: 'breaker_open' },
  ]);

  receiver.answer('/flaky', 200);
  await database.query('set role pgrelay_owner');
  await database.query('update pgrelay.breaker set open_until = clock_timestamp() where open_until is not null');
  await database.query('reset role');
  for (const id of ids.slice(3)) expect((await deliveries.ended(id)).at(-1)).toMatchObject({ outcome: 'done' });
  expect(await alerts('flaky')).toMatchObject([{ about: 'failing' }, { about: 'recovered' }]);
  expect(await deliveries.problems()).toEqual([]);
});

test('an alert that is refused costs no attempt, and is a problem', async () => {
  const url = receiver.answer('/unheard', 500);
  await deliveries.register('unheard', url, "p_alert_channel => 'deaf', p_alert_after => 1, p_retry_delays => '{}'");
  await database.query("select pgrelay.disable_channel('deaf')");
  const id = await deliveries.notify('unheard');
  expect(await deliveries.ended(id)).toMatchObject([{ outcome: 'failed', code: 'http_500' }]);
  const problems = (await deliveries.problems()).filter(({ object }) => object === 'channel unheard');
  expect(problems.map(({ code }) => code)).toEqual(['http_alert_refused', 'http_failing']);
  expect(problems[0]?.evidence).toContain('PR002');
});

test('every attempt is one row: status, times and octets', async () => {
  const url = receiver.answer('/rows', (response, count) =>
    count === 1 ? response.writeHead(503).end('not now') : response.writeHead(200).end('thanks'),
  );
  await deliveries.register('rows', url, "p_retry_delays => '{0 s}'");
  const id = await deliveries.notify('rows', '"canary-payload"');
  await deliveries.ended(id, 2);
  const rows = await database.query<Record<string, unknown>>(
    'select * from pgrelay_http.attempts where event_id = $1 order by attempt',
    [id],
  );
  expect(rows).toMatchObject([
    { channel: 'rows', attempt: 1, status: 503, code: 'http_503', request_bytes: '16', response_bytes: '7' },
    { channel: 'rows', attempt: 2, status: 200, code: null, request_bytes: '16', response_bytes: '6' },
  ]);
  for (const { connect_ms: connect, headers_ms: headers, total_ms: total } of rows) {
    expect(connect).toBeLessThanOrEqual(headers as number);
    expect(headers).toBeLessThanOrEqual(total as number);
  }
  const closed = new Receiver();
  await closed.start();
  const nobody = closed.url('/');
  await closed.stop();
  await deliveries.register('nobody', nobody, "p_retry_delays => '{}'");
  const lost = await deliveries.notify('nobody');
  await deliveries.ended(lost);
  expect(
    await database.query('select status, code, connect_ms, headers_ms from pgrelay_http.attempts where event_id = $1', [
      lost,
    ]),
  ).toEqual([{ status: null, code: 'http_unreachable', connect_ms: null, headers_ms: null }]);
});

test('a row of an attempt that is sent twice is written once, and old ones are forgotten', async () => {
  const row = JSON.stringify([
    { e: 987654321, r: 7, c: 'rows', a: 1, ago: 5, s: 200, x: null, co: 1, h: 2, t: 3, o: 4, i: 5 },
  ]);
  const many = 'select count(*)::integer as n from pgrelay_http.attempts where event_id = 987654321';
  for (let time = 0; time < 2; time += 1)
    await database.query('select pgrelay_http.record_attempts_v1($1, false)', [row]);
  expect(await database.query(many)).toEqual([{ n: 1 }]);
  await database.query("select pgrelay_http.forget_attempts_v1('1 day')");
  expect(await database.query(many)).toEqual([{ n: 1 }]);
  await database.query("select pgrelay_http.forget_attempts_v1('0 s')");
  expect(await database.query('select from pgrelay_http.attempts')).toEqual([]);
});

test('an attempt that is sent twice counts once against its endpoint', async () => {
  await deliveries.register('counted', receiver.url('/counted'), 'p_alert_after => 2');
  const row = (request: number) => ({
    e: 1,
    r: request,
    c: 'counted',
    a: 1,
    ago: 5,
    s: 500,
    x: 'http_500',
    t: 3,
    o: 4,
    i: 5,
  });
  const failing = async (...rows: object[]) => {
    await database.query('select pgrelay_http.record_attempts_v1($1, true)', [JSON.stringify(rows)]);
    return database.query("select failing from pgrelay_http.endpoints where channel = 'counted'");
  };
  expect(await failing(row(1))).toEqual([{ failing: 1 }]);
  expect(await failing(row(1))).toEqual([{ failing: 1 }]);
  expect(await failing(row(1), row(2))).toEqual([{ failing: 2 }]);
  await database.query("select pgrelay_http.forget_attempts_v1('0 s'), pgrelay_http.drop_endpoint('counted')");
});

test('a slow endpoint holds up nobody else, and its channels take turns', async () => {
  const held: (() => void)[] = [];
  const slow = receiver.answer('/slow', (response) => void held.push(() => response.writeHead(200).end()));
  const other = new Receiver();
  await other.start();
  await deliveries.start({ originConcurrency: 2 });
  for (const channel of ['slow.a', 'slow.b'])
    await deliveries.register(channel, slow, "p_timeout => '1 min', p_headers_timeout => '1 min'");
  await deliveries.register('quick', other.url('/quick'));
  const many = [];
  for (let event = 0; event < 6; event += 1) many.push(await deliveries.notify('slow.a', String(event)));
  await until(async () => held.length === 2, 'the origin is full');
  const one = await deliveries.notify('slow.b', 'b');
  expect(await deliveries.ended(await deliveries.notify('quick'))).toMatchObject([{ outcome: 'done' }]);
  await until(
    async () =>
      (await database.query("select from pgrelay.events where id = $1 and state = 'claimed'", [one])).length > 0,
    'b waits for its turn',
  );
  await new Promise((resolve) => setImmediate(resolve));
  for (let event = 0; event < 7; event += 1) {
    await until(async () => held.length > 0, 'one is under way');
    held.shift()?.();
  }
  for (const id of [...many, one]) expect(await deliveries.ended(id)).toMatchObject([{ outcome: 'done', attempt: 1 }]);
  const order = receiver.to('/slow').map(({ body }) => body);
  expect(order).toHaveLength(7);
  expect(order.indexOf('b')).toBeLessThan(6); // not behind all of a
  await other.stop();
});
