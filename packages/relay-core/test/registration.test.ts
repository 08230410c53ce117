import {
  defineHandler,
  definePlugin,
  EVENT,
  handler,
  inject,
  injectable,
  LOGGER,
  Processor,
  type ProcessorOptions,
  type RelayEvent,
  token,
} from '@pgrelay/relay-core';
import { useDatabase } from '@pgrelay/test-support';
import type { Logger } from 'pino';
import { describe, expect, test } from 'vitest';
import { logLines } from './support/log-lines.js';
import { running, untilIdle } from './support/running.js';

const db = useDatabase();
const MAILER = token<{ send(to: string): void }>('test.Mailer');
const GREETING = token<string>('test.Greeting');
const coded = (code: string) => expect.objectContaining({ code, hint: expect.any(String) });
const make = (options: Omit<ProcessorOptions, 'connectionString'>) =>
  new Processor({ connectionString: db.url, log: logLines().log, ...options });
const nothing = () => undefined;

@handler('g.mail')
class SendMail {
  readonly #mailer: { send(to: string): void };
  readonly #event: RelayEvent;
  constructor(@inject(MAILER) mailer: { send(to: string): void }, @inject(EVENT) event: RelayEvent) {
    this.#mailer = mailer;
    this.#event = event;
  }
  handle(event: RelayEvent<{ to: string }>) {
    if (event.id !== this.#event.id) throw new Error('another event');
    this.#mailer.send(event.payload.to);
  }
}

@handler('g.unmarked')
class Unmarked {
  readonly mailer: unknown;
  constructor(
    @inject(MAILER) mailer: unknown,
    readonly other: unknown,
  ) {
    this.mailer = mailer;
  }
  handle() {}
}

@injectable
class Mailer {
  static made = 0;
  readonly sent: string[] = [];
  readonly greeting: string;
  constructor(
    @inject(GREETING) greeting: string,
    @inject(LOGGER) readonly log: Logger,
  ) {
    Mailer.made += 1;
    this.greeting = greeting;
  }
  send(to: string) {
    this.sent.push(`${this.greeting} ${to}`);
  }
}

describe('class handlers', () => {
  test('are constructed for each event with what was provided; what is provided is made once', async () => {
    let mailer: Mailer | undefined;
    const SPY = token<Mailer>('test.Spy');
    const probe = definePlugin({
      name: 'probe',
      version: '1',
      validate: () => ({}),
      setup: (host) => {
        host.provide({ token: SPY, useFactory: () => (mailer = new Mailer('Hello', host.log)) });
      },
    });
    await running(db, {
      plugins: [probe()],
      handlers: [SendMail],
      provide: [{ token: MAILER, useFactory: () => ({ send: (to: string) => mailer?.send(to) }) }],
    });
    await db.query(`select pgrelay.notify('g.mail', '{"to":"Ann"}'), pgrelay.notify('g.mail', '{"to":"Bob"}')`);
    await untilIdle(db, 'g.mail');
    expect(mailer?.sent.sort()).toEqual(['Hello Ann', 'Hello Bob']);
    expect(Mailer.made).toBe(1);
  });

  test('a provided class is injected itself', async () => {
    const { processor } = await running(db, {
      handlers: [SendMail],
      provide: [
        { token: GREETING, useValue: 'Hi' },
        { token: MAILER, useClass: Mailer },
      ],
    });
    expect(processor.slot).toBeDefined();
  });
});

describe('mistakes are coded errors before anything runs', () => {
  test.each<[string, Omit<ProcessorOptions, 'connectionString'>]>([
    ['RELAY_HANDLER_DUPLICATE', { handlers: [defineHandler('g.twice', nothing), defineHandler('g.twice', nothing)] }],
    [
      'RELAY_HANDLER_INVALID',
      {
        handlers: [
          class NoDecorator {
            handle() {}
          },
        ],
      },
    ],
    ['RELAY_PLUGIN_DUPLICATE', { plugins: [plugin('one'), plugin('one')] }],
    [
      'RELAY_TOKEN_DUPLICATE',
      {
        provide: [
          { token: GREETING, useValue: 'a' },
          { token: GREETING, useValue: 'b' },
        ],
      },
    ],
    ['RELAY_TOKEN_DUPLICATE', { provide: [{ token: EVENT, useValue: {} as RelayEvent }] }],
    ['RELAY_OPTION_INVALID', { workers: 10 }],
    ['RELAY_OPTION_INVALID', { workers: 0 }],
    ['RELAY_OPTION_INVALID', { leaseMs: 1 }],
    ['RELAY_OPTION_INVALID', { channels: 'maybe' as 'declare' }],
  ])('%s from the constructor', (code, options) => {
    expect(() => make(options)).toThrow(coded(code));
  });

  test.each([
    'postgresql://me:a,b@one,two/db',
    'postgres://one:5432,two:5433/db',
    'postgresql://me@/db?user=me&host=one%2Ctwo',
  ])('RELAY_OPTION_INVALID for several hosts: %s', (connectionString) => {
    const make = () => new Processor({ connectionString });
    expect(make).toThrow(coded('RELAY_OPTION_INVALID'));
    expect(make).toThrow('names several hosts');
    expect(() => new Processor({ connectionString: 'postgresql://me:a,b@one/db?options=-c%20x=1,2' })).not.toThrow();
  });

  test('RELAY_OPTION_INVALID for no connection string', () => {
    expect(() => new Processor({ connectionString: '' })).toThrow(coded('RELAY_OPTION_INVALID'));
  });

  test.each<[string, () => unknown]>([
    ['an empty channel', () => defineHandler('', nothing)],
    ['a wrong mode', () => defineHandler('x', { mode: 'both' as 'leased' }, nothing)],
    ['a wrong concurrency', () => defineHandler('x', { concurrency: 0 }, nothing)],
    ['a wrong timeout', () => defineHandler('x', { timeoutMs: -1 }, nothing)],
    ['no function', () => defineHandler('x', {}, undefined as unknown as () => void)],
    ['a wrong payload form', () => defineHandler('x', { payload: 'xml' as 'json' }, nothing)],
  ])('RELAY_HANDLER_INVALID where the handler is defined: %s', (_name, define) => {
    expect(define).toThrow(coded('RELAY_HANDLER_INVALID'));
  });

  test('RELAY_PLUGIN_INVALID for a plugin without a proper name; its own error for options it refuses', () => {
    expect(() => definePlugin({ name: 'No Name', version: '1', validate: () => ({}), setup: nothing })).toThrow(
      coded('RELAY_PLUGIN_INVALID'),
    );
    const picky = definePlugin<{ n: number }>({
      name: 'picky',
      version: '1',
      validate: () => {
        throw new Error('n is missing');
      },
      setup: nothing,
    });
    expect(() => picky()).toThrow('n is missing');
  });

  test.each<[string, Omit<ProcessorOptions, 'connectionString'>]>([
    ['RELAY_TOKEN_MISSING', { handlers: [SendMail] }],
    ['RELAY_TOKEN_MISSING', { handlers: [Unmarked], provide: [{ token: MAILER, useValue: { send: nothing } }] }],
    ['RELAY_TOKEN_MISSING', { provide: [{ token: MAILER, useClass: Mailer }] }],
    ['RELAY_HANDLER_DUPLICATE', { plugins: [plugin('a', 'g.same'), plugin('b', 'g.same')] }],
    ['RELAY_CHANNEL_UNKNOWN', { channels: 'require', handlers: [defineHandler('g.never', nothing)] }],
    ['RELAY_HANDLER_INVALID', { handlers: [defineHandler('g.sql', nothing)] }],
    ['RELAY_HANDLER_INVALID', { handlers: [defineHandler('g.leased', { mode: 'transactional' }, nothing)] }],
  ])('%s from start(), which leaves nothing behind', async (code, options) => {
    await db.query("select pgrelay.register_channel('g.sql', 'select 1'), pgrelay.register_channel('g.leased')");
    const processor = make(options);
    await expect(processor.start()).rejects.toEqual(coded(code));
    expect(await db.query('select from pgrelay.processors')).toEqual([]);
    expect(await db.query("select from pgrelay.channels where name = 'g.never'")).toEqual([]);
  });

  test('RELAY_REGISTRATION_CLOSED for what comes after the start', async () => {
    let late: (() => void)[] = [];
    const slow = definePlugin({
      name: 'slow',
      version: '1',
      validate: () => ({}),
      setup: (host) => {
        late = [
          () => host.handlers.add(defineHandler('g.late', nothing)),
          () => host.provide({ token: GREETING, useValue: '' }),
        ];
      },
    });
    await running(db, { plugins: [slow()] });
    for (const add of late) expect(add).toThrow(coded('RELAY_REGISTRATION_CLOSED'));
  });
});

describe('a database that is not ready', () => {
  const empty = useDatabase({ template: 'empty' });
  test('RELAY_NOT_INSTALLED says what to run', async () => {
    const processor = new Processor({ connectionString: empty.url, log: logLines().log });
    await expect(processor.start()).rejects.toMatchObject({
      code: 'RELAY_NOT_INSTALLED',
      hint: expect.stringContaining('npx pgrelay migrate'),
    });
  });

  test('RELAY_NOT_ALLOWED names the missing grant', async () => {
    const user = `probe_${Math.random().toString(36).slice(2)}`;
    await db.query(`create role ${user} login password 'x'`);
    const url = new URL(db.url);
    url.username = user;
    url.password = 'x';
    const processor = new Processor({ connectionString: url.href, log: logLines().log });
    await expect(processor.start()).rejects.toMatchObject({
      code: 'RELAY_NOT_ALLOWED',
      hint: expect.stringContaining('grant pgrelay_processor'),
    });
    await db.query(`drop role ${user}`);
  });
});

function plugin(name: string, channel?: string) {
  return definePlugin({
    name,
    version: '1',
    validate: () => ({}),
    setup: (host) => {
      if (channel !== undefined) host.handlers.add(defineHandler(channel, nothing));
    },
  })();
}
