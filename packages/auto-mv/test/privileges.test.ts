import { useDatabase } from '@pgrelay/test-support';
import { expect, test } from 'vitest';
import { busyWriter } from './support/busy.js';
import { useProcessors } from './support/processor.js';
import { openShop } from './support/shop.js';

const db = useDatabase();
const start = useProcessors(db);

/** Runs what stands behind the colon of a hint or a remedy, as the owner of everything. */
const run = (advice: string | undefined) => db.query((advice ?? '').replace(/^.*?: /, ''));

async function refusal(call: Promise<unknown>): Promise<{ code?: string; message: string; hint?: string }> {
  return call.then(
    () => {
      throw new Error('was not refused');
    },
    (error) => error,
  );
}

test('a registrar who may not refresh the view is refused with the GRANT to run; run as it stands it is all that was missing', async () => {
  const shop = await openShop(db);
  const login = await db.login('pgrelay_admin');
  const registrar = await db.connect(login);
  const register = () => registrar.query(`select pgauto_mv.register_mv('daily', '${shop.schema}')`);
  await db.query(`grant usage on schema ${shop.schema} to ${login.user}`);
  const refused = await refusal(register());
  expect(refused).toMatchObject({ code: 'PM040', message: `${login.user} may not refresh ${shop.view}` });
  expect(refused.hint).toMatch(/: (grant maintain on shop_\d+\.daily to|grant \w+ to|alter materialized view) /);
  expect(await db.query('select from pgauto_mv.mv where schema_name = $1', [shop.schema])).toEqual([]);
  await run(refused.hint);
  await register();
});

test('one who may not put a trigger on a table is, too, also while the table is busy', async () => {
  const shop = await openShop(db);
  const login = await db.login('pgrelay_admin');
  await db.query(`grant usage, create on schema ${shop.schema} to ${login.user}`);
  await db.query(`grant ${login.user} to current_user`);
  await db.query(`alter materialized view ${shop.view} owner to ${login.user}`);
  const registrar = await db.connect(login);
  const register = () => registrar.query(`select pgauto_mv.register_mv('${shop.view}'::regclass)`);
  const writer = await busyWriter(db, shop.orders);
  const refused = await refusal(register());
  expect(refused).toMatchObject({
    code: 'PM010',
    hint: `Run as its owner: grant trigger on ${shop.orders} to ${login.user};`,
  });
  await writer.query('rollback');
  expect(await refusal(register())).toMatchObject({ code: 'PM010' });
  expect(await db.query('select from pgauto_mv.mv where schema_name = $1', [shop.schema])).toEqual([]);
  await run(refused.hint);
  await register();
  expect(await db.query('select from pg_trigger where tgrelid = $1::regclass', [shop.orders])).toHaveLength(4);
});

test('USAGE on the schema belongs to it', async () => {
  const shop = await openShop(db);
  const login = await db.login();
  const [row] = await db.query<{ view: string; table: string }>(
    'select pgauto_mv.refresh_grant($1::regrole, $2::regclass) as view, pgauto_mv.trigger_grant($1::regrole, $3::regclass) as table',
    [login.user, shop.view, shop.orders],
  );
  const usage = `grant usage on schema ${shop.schema} to ${login.user}; `;
  expect(row?.view).toMatch(new RegExp(`^${usage}\\w`));
  expect(row?.table).toBe(`${usage}grant trigger on ${shop.orders} to ${login.user};`);
});

test('a view that the login of a running Processor may not refresh is refused, with the GRANT to run for it', async () => {
  const shop = await openShop(db);
  const login = await db.login('pgrelay_processor');
  const url = new URL(db.url);
  url.username = login.user;
  url.password = login.password;
  await start({}, url.href);
  const register = () => db.query(`select pgauto_mv.register_mv('${shop.view}'::regclass)`);
  const refused = await refusal(register());
  expect(refused).toMatchObject({
    code: 'PM040',
    message: `${login.user} may not refresh ${shop.view}, and a Processor runs as that login`,
    hint: expect.stringContaining(`to ${login.user};`),
  });
  await run(refused.hint);
  await register();
});

test('a Processor that comes later and may not refresh is a problem, with the GRANT to run', async () => {
  const shop = await openShop(db);
  await db.query(`select pgauto_mv.register_mv('${shop.view}'::regclass)`);
  const login = await db.login('pgrelay_processor');
  const url = new URL(db.url);
  url.username = login.user;
  url.password = login.password;
  const problems = () =>
    db.query<{ object: string; evidence: string; remedy: string }>(
      "select object, evidence, remedy from pgauto_mv.get_mv_problems() where code = 'refresh_not_allowed'",
    );
  expect(await problems()).toEqual([]);
  await start({}, url.href);
  const [row] = await problems();
  expect(row).toMatchObject({ object: shop.view, evidence: expect.stringContaining(login.user) });
  await run(row?.remedy);
  expect(await problems()).toEqual([]);
});
