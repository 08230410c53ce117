import { useDatabase } from '@pgrelay/test-support';
import type pg from 'pg';
import { beforeAll, describe, expect, test } from 'vitest';
import { claim, runBatch, settle, takeSlot } from './support/slot.js';

const db = useDatabase();

/** Texts that end a literal, an identifier or a format in some way, and then drop the canary. */
const drop = 'drop table public.canary';
const hostile: readonly string[] = [
  `'; ${drop}; --`,
  `''; ${drop}; --`,
  `\\'; ${drop}; --`,
  `"; ${drop}; --`,
  `x" as select 1; ${drop}; --`,
  `$$; ${drop}; --`,
  `$run$; ${drop}; $run$`,
  `$frame$ ${drop} $f$ $fn$`,
  `); ${drop}; --`,
  `%s %I %L %1$s %% %`,
  `E'\\047; ${drop}'`,
  `U&"\\0022; ${drop}"`,
  `\u2019\u02bc\uff07; ${drop}; --`,
  `{"a","'; ${drop}"}`,
  `(1,"'; ${drop}",)`,
  '\u0001\n\r\t*/ /* --',
  `${"'".repeat(99)}"`,
  'x'.repeat(70_000),
];

/** Parameters that are SQL: registering it must not run it, and may well say that it is no SQL. */
const sqlText = new Set(['p_action_sql', 'p_statements', 'p_command']);

interface Callable {
  readonly name: string;
  readonly kind: string;
  readonly types: string[];
  readonly names: string[];
}

let callables: Callable[];

beforeAll(async () => {
  await db.query('create table public.canary (alive boolean); insert into public.canary values (true)');
  await db.query("select pgrelay.register_channel('known', 'select 1'), pgrelay.register_channel('known.h')");
  callables = await db.query<Callable>(`
    select format('%I.%I', n.nspname, p.proname) as name, p.prokind as kind, coalesce(p.proargnames, '{}') as names,
      array(select format_type(t, null) from unnest(p.proargtypes::oid[]) with ordinality u(t, n) order by n) as types
    from pg_proc p join pg_namespace n on n.oid = p.pronamespace
    where n.nspname in ('pgrelay', 'pgauto_mv', 'pgrelay_cron', 'pgrelay_http') and exists (
      select from unnest('{pgrelay,pgrelay_producer,pgrelay_viewer,pgrelay_admin,pgrelay_processor}'::text[]) r where has_function_privilege(r, p.oid, 'execute'))
    order by 1, 4`);
});

const isText = (type: string) =>
  /^(text|name|jsonb|regclass|text\[\]|name\[\]|jsonb\[\]|pgauto_mv\.mv_watch_spec\[\])$/.test(type);

/** A hostile value of the type, as a parameter. */
function poison(type: string, text: string): string | string[] {
  if (type === 'jsonb')
    return JSON.stringify({ sqlstate: text, code: text, message: text, constraint: text, table: text });
  if (type === 'jsonb[]') return [JSON.stringify({ sqlstate: text, code: text, constraint: text, table: text })];
  if (type === 'pgauto_mv.mv_watch_spec[]') return [`("${text.replaceAll(/["\\]/g, '\\$&')}",UPDATE)`];
  return type.endsWith('[]') ? [text] : text;
}

/** Something that the other parameters may be, so that a call comes further than its first check. */
function harmless(type: string): unknown {
  if (type.endsWith('[]')) return null;
  if (isText(type) && type !== 'regclass' && type !== 'jsonb') return 'known';
  return /^(smallint|integer|bigint|double precision|numeric)$/.test(type) ? 1 : null;
}

async function call(
  client: pg.Client,
  { name, kind, types }: Callable,
  values: readonly unknown[],
): Promise<string | undefined> {
  const list = types.map((type, index) => `$${index + 1}::${type}`).join(', ');
  await client.query(
    "begin; set local statement_timeout = '5s'; set local standard_conforming_strings = off; set local backslash_quote = on; set local escape_string_warning = off",
  );
  try {
    await client.query(kind === 'p' ? `call ${name}(${list})` : `select * from ${name}(${list})`, [...values]);
    const { rows } = await client.query('select alive from public.canary');
    expect(rows, name).toEqual([{ alive: true }]);
    return undefined;
  } catch (error) {
    if (error instanceof Error && 'code' in error) return String(error.code);
    throw error;
  } finally {
    await client.query('rollback');
  }
}

test('no text parameter of any function that a role may call is read as SQL', async () => {
  const client = await db.connect();
  const tried = new Set<string>();
  for (const callable of callables)
    for (const [index, type] of callable.types.entries()) {
      if (!isText(type)) continue;
      const parameter = callable.names[index] ?? '';
      tried.add(`${callable.name} ${parameter}`);
      for (const text of hostile) {
        const values = callable.types.map((other, at) => (at === index ? poison(type, text) : harmless(other)));
        const code = await call(client, callable, values);
        const what = `${callable.name} ${parameter} ${text.slice(0, 40)}`;
        // A regclass and a name of a table are parsed as names by the server itself, which may well refuse them.
        if (!sqlText.has(parameter) && type !== 'regclass') expect(code === '42601' ? what : undefined).toBeUndefined();
        expect(
          code === '42P01' && type !== 'regclass' && !callable.name.startsWith('pgauto_mv') && !sqlText.has(parameter)
            ? what
            : undefined,
        ).toBeUndefined();
      }
    }
  expect(tried.size).toBeGreaterThan(50);
  expect(await db.query('select alive from public.canary')).toEqual([{ alive: true }]);
});

describe('an event all of whose texts are hostile lives and ends as any other', () => {
  test.each(hostile.slice(0, -1).map((text) => [text]))('%j', async (text) => {
    const name = text.slice(0, 150);
    const session = await db.session('hostile');
    await session.query('set standard_conforming_strings = off; set escape_string_warning = off');
    const schema = name.slice(0, 40);
    await session.query(
      `create schema ${quote(schema)}; create table ${quote(schema)}.${quote(schema)} (what text constraint ${quote(schema)} check (what <> 'bad')); grant usage on schema ${quote(schema)} to pgrelay; grant insert on ${quote(schema)}.${quote(schema)} to pgrelay`,
    );
    await session.query(`set search_path = ${quote(schema)}, public`);
    await session.query("select pgrelay.register_channel($1, p_on_failure => '')", [`${name} report`]);
    await session.query('select pgrelay.register_channel($1, $2, p_on_failure => $3)', [
      name,
      `insert into ${quote(schema)} values (case when $1 = 'bad' then $1 else $1 end)`,
      `${name} report`,
    ]);
    await session.query('select pgrelay.register_channel($1, $2, p_check => false)', [
      `${name} later`,
      `insert into ${quote(schema)} values ($1)`,
    ]);
    for (const payload of [text, 'bad'])
      await session.query('select pgrelay.notify($1, $2, p_dedup_key => $3)', [name, payload, payload + text]);
    await session.query('select pgrelay.notify_many($1, $2)', [`${name} later`, [text]]);
    const slot = await takeSlot(db);
    expect(await runBatch(session, slot, name)).toMatchObject({ done: 1, failed: 1 });
    expect(await runBatch(session, slot, `${name} later`)).toMatchObject({ done: 1 });
    expect(await session.query(`select what from ${quote(schema)} order by 1`)).toEqual([
      { what: text },
      { what: text },
    ]);
    expect(
      await session.query(
        "select constraint_name, table_name, code from pgrelay.log where channel = $1 and outcome = 'failed'",
        [name],
      ),
    ).toEqual([{ constraint_name: schema, table_name: schema, code: 'action_error' }]);
    await claim(db, slot, `${name} report`);
    const [held] = await db.query<{ id: string }>('select id::text from pgrelay.queue where slot = $1', [slot.slot]);
    await session.query('select pgrelay.record_effect_v1($1, $2, $3)', [held?.id, name, JSON.stringify(text)]);
    expect(
      await settle(session, slot, [held?.id ?? ''], 'failed', null, {
        code: text,
        message: text,
        constraint: text,
        table: text,
      }),
    ).toEqual(['failed']);
    await session.query('select * from pgrelay.get_problems()');
    await session.query('select pgrelay.redrive_channel($1)', [name]);
    await session.query('call pgrelay.run()');
    await session.query('select pgrelay_cron.schedule($1, $2, $3)', [name, 'every 5 minutes', 'select 1']);
    await session.query('select pgrelay_cron.unschedule($1)', [name]);
    await session.query(`create materialized view ${quote(`${schema}v`)} as select what from ${quote(schema)}`);
    await session.query("select pgauto_mv.register_mv($1, $2, array[pgauto_mv.mv_watch($3, 'INSERT')])", [
      `${schema}v`,
      schema,
      quote(schema),
    ]);
    await session.query(`insert into ${quote(schema)} values ('more')`);
    await session.query('select pgauto_mv.unregister_mv($1, $2)', [`${schema}v`, schema]);
    for (const channel of [name, `${name} later`, `${name} report`])
      await session.query('select pgrelay.drop_channel($1, p_force => true)', [channel]);
    await db.query('select pgrelay.detach_v1($1, $2)', [slot.slot, slot.epoch]);
    expect(await db.query('select alive from public.canary')).toEqual([{ alive: true }]);
  });
});

test('no function depends on how its caller reads a backslash, and none is checked less because its caller checks nothing', async () => {
  const loose = await db.query(
    "select p.oid::regprocedure::text as name from pg_proc p where p.pronamespace = any ('{pgrelay,pgauto_mv,pgrelay_cron,pgrelay_http}'::text[]::regnamespace[]) and regexp_replace(p.prosrc, '--[^\\n]*', '', 'g') ~ '\\\\' and not coalesce(p.proconfig::text ~ 'standard_conforming_strings=on', false)",
  );
  expect(loose).toEqual([]);
  const session = await db.session('lax');
  await session.query('set check_function_bodies = off');
  await expect(
    session.query("select pgrelay.register_channel('lax', 'select 1; insert into nowhere values ($1)')"),
  ).rejects.toMatchObject({ code: '42P01' });
});

test('a NUL never gets in: the server refuses the message', async () => {
  const client = await db.connect();
  await expect(client.query('select pgrelay.notify($1)', ['a\u0000b'])).rejects.toMatchObject({ code: '22021' });
});

const quote = (name: string) => `"${name.replaceAll('"', '""')}"`;
