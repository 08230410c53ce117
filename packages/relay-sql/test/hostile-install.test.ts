import { migrate } from '@pgrelay/relay-sql';
import { useDatabase } from '@pgrelay/test-support';
import { expect, test } from 'vitest';

/** A plugin's module. */
const probe = { name: 'probe', directory: new URL('./fixtures/module/', import.meta.url) };
const taken = useDatabase({ template: 'empty' });
const planted = useDatabase({ template: 'empty' });

test.each(['pgrelay', 'pgrelay_action', 'probe'])(
  'a schema %s that somebody else has made is refused, not used',
  async (schema) => {
    await taken.query(`create schema ${schema}`);
    await expect(migrate({ connectionString: taken.url, modules: [probe] })).rejects.toMatchObject({
      code: 'RELAY_SCHEMA_FOREIGN',
      hint: expect.any(String),
    });
    await taken.query(`drop schema ${schema}`);
  },
);

test("nothing in the installing login's search_path takes the place of what the migrations call", async () => {
  await planted.query(`create schema evil; create sequence evil.hits;
    create function evil.to_regnamespace(text) returns regnamespace language plpgsql as $$ begin perform pg_catalog.nextval('evil.hits'); return null; end $$;
    create function evil.equal(text, text) returns boolean language plpgsql as $$ begin perform pg_catalog.nextval('evil.hits'); return true; end $$;
    create operator evil.= (leftarg = text, rightarg = text, function = evil.equal);
    create function evil.equal(name, text) returns boolean language plpgsql as $$ begin perform pg_catalog.nextval('evil.hits'); return true; end $$;
    create operator evil.= (leftarg = name, rightarg = text, function = evil.equal);
    create domain evil.text as pg_catalog.text; create domain evil.timestamptz as pg_catalog.timestamptz;`);
  const url = new URL(planted.url);
  url.searchParams.set('options', '-c search_path=evil,pg_catalog');
  await migrate({ connectionString: url.href, modules: [probe] });
  expect(await planted.query('select is_called from evil.hits')).toEqual([{ is_called: false }]);
  expect(
    await planted.query(
      "select format_type(a.atttypid, null) as type from pg_attribute a where a.attrelid = 'pgrelay.queue'::regclass and a.attname = 'payload'",
    ),
  ).toEqual([{ type: 'text' }]);
});
