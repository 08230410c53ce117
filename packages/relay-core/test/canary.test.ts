import { AttemptError, createClient, defineHandler, fail, retryIn } from '@pgrelay/relay-core';
import { until, useDatabase } from '@pgrelay/test-support';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { ChildProcessor } from './support/child.js';
import { outcomes, running } from './support/running.js';

const db = useDatabase();
const canary = 'CANARY-7f3a1b';
const payload = JSON.stringify({ canary });

/** Ways in which an event can end, as SQL actions; the payload is the canary. */
const actions: Readonly<Record<string, string>> = {
  'y.success': 'insert into kept values ($1) on conflict do nothing',
  'y.retry': 'select pg_temp_retry($1)',
  'y.cast': 'select $1::integer',
  'y.unique': 'insert into kept values ($1); insert into kept values ($1)',
  'y.raise': 'select shout($1)',
  'y.timeout': 'select pg_sleep(60) where $1 is not null',
  'y.late': 'insert into late values ($1)',
  'y.again': 'insert into again values ($1)',
  'y.notice': 'select whisper($1)',
  'y.left': "select set_config('application_name', $1, false), set_config('pgrelay.left', $1, false)",
};

/** A schema that no payload fits, and that repeats the payload in its words. */
const talkative = z.object({ canary: z.string().refine(() => false, { error: ({ input }) => `was ${input}` }) });

test('a payload is found in no log row, view, problem row or log line, however its event ends', async () => {
  await db.query('create table kept (what text primary key); grant select, insert on kept to pgrelay');
  await db.query(
    "create function shout(p text) returns void language plpgsql as $$ begin raise exception 'bad %', p using detail = p, hint = p, constraint = p, table = p, column = p, schema = p; end $$",
  );
  await db.query(
    "create function pg_temp_retry(p text) returns void language plpgsql as $$ begin raise exception '%', p using errcode = '40001'; end $$",
  );
  await db.query(`create table late (what text); create table again (what text); grant insert on late, again to pgrelay;
    create function late() returns trigger language plpgsql as $$ begin raise exception 'late %', new.what; end $$;
    create constraint trigger late after insert on late deferrable initially deferred for each row execute function late();
    create function again() returns trigger language plpgsql as $$ begin
      if length(new.what) < 100 then set constraints all deferred; insert into again values (new.what || ' again'); end if; return null; end $$;
    create constraint trigger again after insert on again deferrable initially deferred for each row execute function again();
    create function whisper(p text) returns void language plpgsql as $$ begin raise notice '%', p; raise warning '%', p; end $$`);
  await db.query("select pgrelay.register_channel('y.report')");
  await db.query("select pgrelay.set_retry(null, 'http:503', p_delays => array[interval '1 hour'])");
  for (const [name, sql] of Object.entries(actions)) {
    await db.query(
      "select pgrelay.register_channel($1, $2, p_statement_timeout => '200 ms', p_on_failure => 'y.report')",
      [name, sql],
    );
    await db.query('select pgrelay.notify($1, $2)', [name, payload]);
  }
  await db.query("select pgrelay.register_channel('y.top', array['vacuum', 'select 1 / 0'], 'toplevel')");
  await db.query("select pgrelay.notify_many('y.top', $1)", [[payload]]);
  const { lines } = await running(db, {
    handlers: [
      defineHandler('y.h.success', () => undefined),
      defineHandler('y.h.throw', (event) => {
        throw new Error(event.payload.canary);
      }),
      defineHandler(
        'y.h.tx',
        { mode: 'transactional' },
        async (event, ctx) => void (await ctx.tx.query('select $1::integer', [event.payload.canary])),
      ),
      defineHandler(
        'y.h.retry',
        { retry: { delaysMs: [3_600_000] }, breaker: { failures: 1 } },
        ({ payload: { canary: name } }) => {
          throw Object.assign(new Error(name), { name, code: name, status: 503, retryAfterMs: 1 });
        },
      ),
      defineHandler('y.h.own', { retry: { when: ['http:5xx'] } }, (event) => {
        throw new AttemptError('own', { message: event.payload.canary, status: 404 });
      }),
      defineHandler('y.h.again', async (event, ctx) => {
        await ctx.notify('y.h.again', event.payload, { delayMs: 3_600_000 });
        throw new Error(event.payload.canary);
      }),
      defineHandler('y.h.json', { payload: 'json' }, () => undefined),
      defineHandler('y.h.once', (event, ctx) => ctx.once('keep', () => event.payload).then(() => undefined)),
      defineHandler('y.h.unkept', async (event, ctx) => {
        await ctx.once('unkept', () => [event.payload.canary, 1n]);
      }),
      defineHandler('y.h.batch', { batch: 5 }, ([event]) => {
        throw new Error(event?.payload.canary);
      }),
      defineHandler('y.h.each', { batch: 5 }, (events) => events.map((event) => fail('no', event.payload.canary))),
      defineHandler('y.h.schema', { payload: talkative }, () => undefined),
      defineHandler('y.h.child', async (event, ctx) => void (await ctx.notify('y.h.schema', event.payload))),
      defineHandler('y.h.later', () => retryIn(3_600_000)),
      defineHandler(
        'y.h.asked',
        (event, ctx) =>
          new Promise<void>((_, reject) =>
            ctx.signal.addEventListener('abort', () => reject(new Error(event.payload.canary))),
          ),
      ),
      defineHandler('y.h.timeout', { timeoutMs: 100 }, () => new Promise<void>(() => undefined)),
    ],
  });
  const client = createClient({ connectionString: db.url });
  const sent = [
    'success',
    'throw',
    'tx',
    'timeout',
    'once',
    'unkept',
    'batch',
    'each',
    'schema',
    'child',
    'retry',
    'own',
    'again',
    'later',
  ].map((name) => `y.h.${name}`);
  for (const name of sent) await client.notifyMany(name, [{ payload: { canary } }]);
  const asked = await client.notify('y.h.asked', { canary });
  await client.close();
  await until(
    async () => (await db.query("select from pgrelay.events where id = $1 and state = 'claimed'", [asked])).length > 0,
    'it runs',
  );
  await db.query('select pgrelay.cancel($1)', [asked]);
  await db.query("select pgrelay.cancel(pgrelay.notify('y.h.success', $1, now() + interval '1 hour'))", [payload]);
  await db.query("select pgrelay_cron.schedule('y', 'every 5 minutes', 'select 1')");
  await db.query('select pgrelay.notify($1, $2)', ['y.h.json', `${canary} {`]);
  const ended = [...Object.keys(actions), ...sent, 'y.h.json', 'y.h.asked', 'y.top'];
  for (const channel of ended) await until(async () => (await outcomes(db, channel)).length > 0, `${channel} ended`);

  await db.query("select pgrelay.redrive_channel('y.cast')");
  await until(async () => (await outcomes(db, 'y.cast')).length === 2, 'the redriven event failed again');
  await db.query('set role pgrelay_owner');
  const reports = await db.query(
    "select q.payload from pgrelay.queue q join pgrelay.channel c on c.id = q.channel_id where c.name = 'y.report'",
  );
  await db.query('reset role');
  expect(reports.length).toBeGreaterThan(4);
  expect(JSON.stringify(reports)).not.toContain(canary);

  await db.query('select pgrelay.register_channel($1)', ['k.deadly']);
  const crashing = new ChildProcessor(db.url);
  await crashing.printed('ready');
  await db.query("select pgrelay.notify('k.deadly', $1)", [payload]);
  await crashing.exited;
  await until(async () => (await outcomes(db, 'k.deadly')).length > 0, 'the crash is noticed');

  const seen = await places();
  const allowed = ['pgrelay.queue', 'pgrelay.delayed', 'pgrelay.failed', 'pgrelay.effect'];
  expect(seen.filter((place) => !allowed.includes(place))).toEqual([]);
  expect(seen).toEqual(expect.arrayContaining(['pgrelay.delayed', 'pgrelay.failed', 'pgrelay.effect']));
  expect(await seenByViewers()).toEqual([]);
  // The session that the action named after its payload is named back by the time that it idles.
  await until(
    async () =>
      (
        await db.query(
          "select from pg_stat_activity where application_name || query like '%' || $1 || '%' and pid <> pg_backend_pid()",
          [canary],
        )
      ).length === 0,
    'no session shows it',
  );
  expect(lines.length).toBeGreaterThan(10);
  expect(lines.join('')).not.toContain(canary);
  expect(crashing.log + crashing.out).not.toContain(canary);
});

/** What a viewer may read, by logging in as one, and that shows the canary: every view and table, and every function without arguments. */
async function seenByViewers(): Promise<string[]> {
  const viewer = await db.connect(await db.login('pgrelay_viewer'));
  const { rows } = await viewer.query<{ name: string; call: string }>(`
    select c.oid::regclass::text as name, format('select x::text from %s x', c.oid::regclass) as call
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where n.nspname in ('pgrelay', 'pgauto_mv', 'pgrelay_cron', 'pgrelay_http') and c.relkind in ('r', 'p', 'v', 'm') and has_schema_privilege(n.oid, 'usage') and has_table_privilege(c.oid, 'select')
    union all select p.oid::regprocedure::text, format('select x::text from %I.%I() x', n.nspname, p.proname)
    from pg_proc p join pg_namespace n on n.oid = p.pronamespace
    where n.nspname in ('pgrelay', 'pgauto_mv', 'pgrelay_cron', 'pgrelay_http') and p.prokind = 'f' and p.pronargs = p.pronargdefaults and has_schema_privilege(n.oid, 'usage') and has_function_privilege(p.oid, 'execute')`);
  expect(rows.map((row) => row.name)).toEqual(
    expect.arrayContaining([
      'pgrelay.events',
      'pgrelay.log',
      'pgrelay.get_problems()',
      'pgauto_mv.get_mv_problems()',
      'pgrelay_cron.get_cron_problems()',
      'pgrelay_cron.runs',
    ]),
  );
  const shown: string[] = [];
  for (const { name, call } of rows)
    if (JSON.stringify((await viewer.query(call)).rows).includes(canary)) shown.push(name);
  return shown;
}

/** Every table and view of the relay and its plugins in which the canary stands. */
async function places(): Promise<string[]> {
  const relations = await db.query<{ name: string }>(
    "select format('%I.%I', n.nspname, c.relname) as name from pg_class c join pg_namespace n on n.oid = c.relnamespace where n.nspname like 'pg%relay%' or n.nspname like 'pgauto%' order by 1",
  );
  const found: string[] = [];
  await db.query('set role pgrelay_owner');
  for (const { name } of relations) {
    const kind = await db.query<{ relkind: string }>('select relkind from pg_class where oid = $1::regclass', [name]);
    if (!['r', 'p', 'v', 'm'].includes(kind[0]?.relkind ?? '')) continue;
    const rows = await db.query(`select from ${name} x where x::text like $1 limit 1`, [`%${canary}%`]);
    if (rows.length > 0) found.push(name);
  }
  await db.query('reset role');
  return found;
}
