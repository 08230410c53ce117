import { until, useDatabase } from '@pgrelay/test-support';
import { beforeAll, describe, expect, test } from 'vitest';
import { refreshes, useProcessors } from './support/processor.js';
import { declareChannel, refresh } from './support/refresh.js';

const db = useDatabase();
const start = useProcessors(db);
let restricted: boolean;

beforeAll(async () => {
  await declareChannel(db);
  const [row] = await db.query<{ yes: boolean }>("select current_setting('server_version_num')::int >= 170000 as yes");
  restricted = row?.yes === true;
  await db.query('create table public.rate (name text, value numeric)');
  await db.query("insert into public.rate values ('a', 2)");
  await db.query('create sequence public.calls');
  await db.query("select nextval('public.calls')"); // from now on every call moves it
});

/** A view whose query calls a function with this body, registered and never refreshed. */
async function viewOver(name: string, language: string, body: string): Promise<string> {
  await db.query(
    `create function public.${name}(p text) returns numeric language ${language} as $body$ ${body} $body$`,
  );
  await db.query(
    `create materialized view public.${name}_view as select name, public.${name}(name) as v from public.rate with no data`,
  );
  const [row] = await db.query<{ id: string }>(`select pgauto_mv.register_mv('${name}_view', 'public') as id`);
  return row?.id ?? '';
}

const problem = async (name: string) => {
  const rows = await db.query<{ code: string; remedy: string }>(
    "select code, remedy from pgauto_mv.get_mv_problems() where object = $1 and code in ('restricted_search_path', 'refresh_failing')",
    [`public.${name}_view`],
  );
  return rows[0];
};

const calls = async () => (await db.query<{ n: string }>('select last_value::text as n from public.calls'))[0]?.n;

const bodies: readonly [string, string, string][] = [
  ['in_sql', 'sql', 'select r.value from rate r where r.name = p'],
  [
    'in_plpgsql',
    'plpgsql',
    "begin perform nextval('public.calls'); return (select r.value from rate r where r.name = p); end",
  ],
];

describe('functions that name no schema', () => {
  test.each(bodies)(
    '%s: noticed before the first refresh from PostgreSQL 17 on, and gone once the function has a search_path',
    async (name, language, body) => {
      const id = await viewOver(name, language, body);
      const before = await calls();
      const client = await db.connect();
      const result = await refresh(client, id, 'first', null);
      if (!restricted) {
        expect(result).toMatchObject({ kind: 'done' });
        expect(await problem(name)).toBeUndefined();
        return;
      }
      expect(result).toEqual({ kind: 'failed', sqlstate: 'PM062', retryMs: null });
      expect(await calls()).toBe(before); // the query did not run
      const found = await problem(name);
      expect(found?.code).toBe('restricted_search_path');
      expect(found?.remedy).toContain(`alter function public.${name}(text) set search_path = public, pg_temp;`);
      await db.query(found?.remedy ?? '');
      expect(await db.query('select pgauto_mv.recheck_v1()::int as n')).toEqual([{ n: 1 }]);
      expect(await refresh(client, id, 'retry', null)).toMatchObject({ kind: 'done' });
      expect(await db.query(`select v::int from public.${name}_view`)).toEqual([{ v: 2 }]);
      expect(await problem(name)).toBeUndefined();
    },
  );

  test('where nobody could know: it fails once, and is not run again before the function was altered', async () => {
    const name = 'dynamic';
    const body =
      "declare v numeric; begin perform nextval('public.calls'); execute 'select value from rate where name = $1' into v using p; return v; end";
    const id = await viewOver(name, 'plpgsql', body);
    const client = await db.connect();
    const result = await refresh(client, id, 'first', null);
    if (!restricted) {
      expect(result).toMatchObject({ kind: 'done' });
      return;
    }
    expect(result).toEqual({ kind: 'failed', sqlstate: '42P01', retryMs: null });
    expect((await problem(name))?.code).toBe('restricted_search_path');
    const once = await calls();
    await db.query("update pgauto_mv.state set next_retry_at = now() - interval '1 s' where mv_id = $1", [id]);
    expect(await refresh(client, id, 'retry', null)).toMatchObject({ kind: 'failed', sqlstate: 'PM062' });
    expect(await calls()).toBe(once);
    expect(await refresh(client, id, 'now')).toMatchObject({ kind: 'failed', sqlstate: '42P01' }); // by hand it is tried
    expect(await calls()).not.toBe(once);
    await db.query(`alter function public.${name}(text) set search_path = public`);
    expect(await refresh(client, id, 'now')).toMatchObject({ kind: 'done' });
  });

  test('a Processor refreshes the view by itself once it is mended', async () => {
    const id = await viewOver('mended', 'sql', 'select value from rate where name = p');
    await start({ repairEveryMs: 100 });
    if (restricted) {
      await until(async () => (await problem('mended'))?.code === 'restricted_search_path', 'it is noticed');
      await db.query('alter function public.mended(text) set search_path = public');
    }
    await until(async () => (await refreshes(db, id)) === 1, 'it is refreshed');
  });
});

test('functions that find everything are left alone', async () => {
  const fine: readonly [string, string, string][] = [
    ['qualified_sql', 'sql', 'select value from public.rate where name = p'],
    ['qualified_plpgsql', 'plpgsql', 'begin return (select value from public.rate where name = p); end'],
    ['no_table', 'plpgsql', 'declare rate numeric := 1; begin return rate * length(p); -- from rate\n end'],
    ['own_with', 'plpgsql', 'begin return (with rate as (select 1 as value) select value from rate); end'],
    ['builtin', 'sql', 'select length(p)::numeric'],
  ];
  const client = await db.connect();
  for (const [name, language, body] of fine) {
    const id = await viewOver(name, language, body);
    expect(await refresh(client, id, 'first', null), name).toMatchObject({ kind: 'done' });
  }
});
