import {
  createClient,
  defineHandler,
  definePlugin,
  type HandlerDefinition,
  type KindChannel,
  type PluginHost,
  Processor,
  type RelayClient,
} from '@pgrelay/relay-core';
import { until, useDatabase } from '@pgrelay/test-support';
import { pino } from 'pino';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';

const db = useDatabase();
let client: RelayClient;
let processor: Processor | undefined;

beforeAll(() => {
  client = createClient({ connectionString: db.url });
});
afterEach(() => processor?.stop());
afterAll(() => client.close());

/** Register a channel with a kind as the functions of a plugin do, which belong to the same owner. */
async function asOwner(sql: string, values: unknown[] = []): Promise<void> {
  await db.query('set role pgrelay_owner');
  await db.query(sql, values).finally(() => db.query('reset role'));
}

const seen: string[] = [];

/** A plugin that serves the channels of kind echo, except those that are named `…not`. */
class Echo {
  readonly loads: KindChannel[][] = [];
  readonly handlers = new Map<string, HandlerDefinition>();
  says = 'first';

  readonly plugin = definePlugin<{ readonly channels: readonly string[] }>({
    name: 'echo',
    version: '1.0.0',
    validate: (given) => ({ channels: [], ...given }),
    setup: (host, { channels }) => {
      host.context.add(
        'shout',
        (ctx) => (text: string) => void seen.push(`${text.toUpperCase()} ${ctx.signal.aborted}`),
      );
      host.handlers.addKind({
        kind: 'echo',
        declare: async (control) => {
          for (const channel of channels)
            await control.query('select pgrelay.declare_handlers_v1($1, $2, true)', [[channel], ['leased']]);
        },
        load: async (_control, served) => {
          this.loads.push([...served]);
          return served.filter(({ name }) => !name.endsWith('not')).map(({ name }) => this.#handler(name));
        },
      });
    },
  });

  #handler(channel: string): HandlerDefinition {
    const known = this.handlers.get(`${channel} ${this.says}`);
    if (known !== undefined) return known;
    const { says } = this;
    const handler = defineHandler(channel, { payload: 'text' }, (event) => void seen.push(`${says} ${event.payload}`));
    this.handlers.set(`${channel} ${says}`, handler);
    return handler;
  }
}

async function start(
  plugins: ConstructorParameters<typeof Processor>[0]['plugins'],
  handlers: HandlerDefinition[] = [],
) {
  const log = pino({ level: 'silent' });
  processor = new Processor({ connectionString: db.url, plugins: plugins ?? [], handlers, pollIntervalMs: 50, log });
  await processor.start();
}

const ended = (id: string) =>
  until(async () => (await db.query('select from pgrelay.log where event_id = $1', [id])).length > 0, `${id} ended`);

const problems = async (channel: string) =>
  (
    await db.query<{ code: string }>('select code from pgrelay.get_problems() where object = $1', [
      `channel ${channel}`,
    ])
  ).map(({ code }) => code);

test('a plugin serves the channels of its kind, those that come later too, and takes up what has changed', async () => {
  const echo = new Echo();
  await asOwner("select pgrelay.register_kind_channel('k.before', 'echo')");
  await start([echo.plugin()]);
  await ended(await client.notify('k.before', 1));
  expect(seen.splice(0)).toEqual(['first 1']);

  await asOwner("select pgrelay.register_kind_channel('k.later', 'echo')");
  await ended(await client.notify('k.later', 2));
  expect(seen.splice(0)).toEqual(['first 2']);

  echo.says = 'second';
  await asOwner('select pgrelay.announce_channels()');
  await until(async () => echo.handlers.has('k.later second'), 'the plugin was asked again');
  await until(async () => {
    await ended(await client.notify('k.later', 3));
    return seen.splice(0).includes('second 3');
  }, 'the changed handler runs');

  await db.query("select pgrelay.drop_channel('k.later')");
  await until(async () => !echo.loads.at(-1)?.some(({ name }) => name === 'k.later'), 'it is gone');
});

test('a channel that the plugin leaves out keeps its events; one whose kind nobody serves is a problem', async () => {
  await asOwner(
    "select pgrelay.register_kind_channel('k.not', 'echo'), pgrelay.register_kind_channel('k.other', 'unheard-of')",
  );
  const echo = new Echo();
  await start([echo.plugin()]);
  const ids = [await client.notify('k.not', 1), await client.notify('k.other', 1)];
  await ended(await client.notify('k.before', 2));
  expect(await db.query('select distinct state from pgrelay.events where id = any ($1)', [ids])).toEqual([
    { state: 'ready' },
  ]);
  expect(await problems('k.not')).toEqual([]);
  expect(await problems('k.other')).toEqual(['no_handler']);
  seen.splice(0);
});

test('a channel has one kind: another, an action or a mode is refused, a handler by name only on request', async () => {
  await db.query(
    "select pgrelay.register_channel('k.sql', 'select 1'), pgrelay.register_channel('k.tx', p_mode => 'transactional'), pgrelay.register_channel('k.plain')",
  );
  for (const name of ['k.sql', 'k.tx', 'k.plain', 'k.other'])
    await expect(asOwner('select pgrelay.register_kind_channel($1, $2)', [name, 'echo'])).rejects.toMatchObject({
      code: 'PR005',
    });
  await asOwner("select pgrelay.register_kind_channel('k.plain', 'echo', true)");
  expect(await db.query("select handler_kind from pgrelay.channels where name = 'k.plain'")).toEqual([
    { handler_kind: 'echo' },
  ]);
  await db.query("select pgrelay.register_channel('k.plain', 'select 1', p_replace => true)");
  expect(await db.query("select kind, handler_kind from pgrelay.channels where name = 'k.plain'")).toEqual([
    { kind: 'sql', handler_kind: null },
  ]);
});

/** A plugin without options that does this when it is set up. */
const pluginOf = (name: string, setup: (host: PluginHost) => void | Promise<void>) =>
  definePlugin<Record<never, never>>({ name, version: '1.0.0', validate: (options) => options, setup })();

test('explain_event knows by its kind who serves a channel', async () => {
  await asOwner(
    "select pgrelay.register_kind_channel('told.nobody', 'nobody'), pgrelay.register_kind_channel('told.not', 'echo')",
  );
  await start([new Echo().plugin()]);
  const why = async (channel: string) => client.explain(await client.notify(channel, null));
  expect(await why('told.nobody')).toMatchObject([
    { reason: 'no_handler', remedy: '-- Start a Processor with the plugin nobody.' },
  ]);
  expect((await why('told.not')).map(({ reason }) => reason)).not.toContain('no_handler');
});

test('one plugin a kind; a part of the context has a name of its own', async () => {
  const twice = pluginOf('twice', (host) => new Echo().plugin().setup(host));
  await expect(start([new Echo().plugin(), twice])).rejects.toMatchObject({ code: 'RELAY_PLUGIN_INVALID' });
  const taken = pluginOf('taken', (host) => host.context.add('notify', () => 1));
  await expect(start([taken])).rejects.toMatchObject({ code: 'RELAY_PLUGIN_INVALID' });
  const other = pluginOf('other', (host) => host.handlers.addKind({ kind: 'echo', load: async () => [] }));
  await expect(start([new Echo().plugin(), other])).rejects.toMatchObject({ code: 'RELAY_HANDLER_DUPLICATE' });
});

test('what plugins add to the context is there in every handler, made when it is asked for', async () => {
  const shouts = defineHandler('k.shouts', (_event, ctx) => {
    const { shout } = ctx as unknown as { shout: (text: string) => void };
    shout('aloud');
    expect((ctx as unknown as { shout: unknown }).shout).toBe(shout);
  });
  await start([new Echo().plugin()], [shouts]);
  await ended(await client.notify('k.shouts', 1));
  expect(seen.splice(0)).toEqual(['ALOUD false']);
});
