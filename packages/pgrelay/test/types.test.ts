import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { declaredChannels, defineChannel } from '@pgrelay/relay-core';
import { type } from 'arktype';
import { afterAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { channelTypes } from '../src/types/channel-types.js';
import { jsonSchemaType } from '../src/types/json-schema-type.js';
import { run } from './support/binary.js';

const fixture = fileURLToPath(new URL('./fixtures/handlers.mjs', import.meta.url));
// Inside of the repository, where packages are found by their names.
const folder = mkdtempSync(fileURLToPath(new URL('../dist/types-', import.meta.url)));
const file = path.join(folder, 'channels.ts');
const declarations = path.join(folder, 'channels.d.ts');
const tsc = path.join(path.dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin', 'tsc');

afterAll(() => rmSync(folder, { recursive: true, force: true }));

const make = (...args: string[]) => run(['types', '--handlers', fixture, ...args]);

/** What the compiler says of a file beside the generated one. */
function compile(text: string, name = 'use.ts'): string {
  writeFileSync(path.join(folder, name), text);
  const options = [
    '--ignoreConfig',
    '--strict',
    '--exactOptionalPropertyTypes',
    '--noEmit',
    '--module',
    'nodenext',
    '--target',
    'es2022',
    '--types',
    'node',
    '--skipLibCheck',
  ];
  const { stdout } = spawnSync(process.execPath, [tsc, ...options, path.join(folder, name)], {
    encoding: 'utf8',
    cwd: folder,
  });
  return stdout;
}

const use = (call: string) => `
import { createClient } from '@pgrelay/relay-core';
import { channelSender, type Channels } from './channels.js';
const client = createClient({ connectionString: '' });
const sender = channelSender(client);
export const check = async () => { ${call} };
export type Of = Channels;
`;

describe('npx pgrelay types', () => {
  test('writes a file that imports nothing, the same each time, and says what it could not type', async () => {
    const { code, stdout, stderr } = await make('--output', file);
    expect({ code, stdout }).toEqual({ code: 0, stdout: `${file}: 5 channels\n` });
    expect(stderr).toBe(
      'channel "no.json.schema": its payload is unknown, since its schema (old) is no Standard JSON Schema\n',
    );
    const text = readFileSync(file, 'utf8');
    await expect(text).toMatchFileSnapshot('./fixtures/channels.snapshot.txt');
    expect(text).not.toMatch(/import|require/);
    expect((await make('--output', file)).stdout).toBe(`${file}: 5 channels, as before\n`);
    expect((await make()).stdout).toBe(text);
  });

  test('--check says whether the file is out of date, and writes nothing', async () => {
    await make('-o', file);
    expect((await make('-o', file, '--check')).code).toBe(0);
    writeFileSync(file, readFileSync(file, 'utf8').replaceAll('\n', '\r\n')); // checked out on Windows
    expect((await make('-o', file, '--check')).code).toBe(0);
    writeFileSync(file, 'old');
    const { code, stdout } = await make('-o', file, '--check');
    expect({ code, stdout }).toEqual({ code: 1, stdout: `${file} is out of date: make it anew without --check\n` });
    expect(readFileSync(file, 'utf8')).toBe('old');
    expect((await make('-o', path.join(folder, 'none.ts'), '--check')).code).toBe(1);
    expect((await make('--check')).code).toBe(2);
  });

  test.each([
    [
      "await sender.notify('order.placed', { id: 1, kind: 'new', lines: [{ sku: 'x' }], pair: ['a'], counts: { a: 1 } }, { delayMs: 5 });",
      '',
    ],
    [
      "await sender.notify('any.json', 1); await sender.notify('any.json'); await sender.notify('stock.checked', true);",
      '',
    ],
    ["await sender.notify('order.place', { id: 1, kind: 'new' });", 'order.place'],
    ["await sender.notify('order.placed', { id: '1', kind: 'new' });", "'string' is not assignable to type 'number'"],
    ["await sender.notify('order.placed', { kind: 'new' });", "'id' is missing"],
    ["await sender.notify('order.placed', { id: 1, kind: 'newer' });", '"newer"'],
    ["await sender.notify('order.placed', { id: 1, kind: null, pair: [] });", 'Source has 0 element(s)'],
    [
      "await sender.notify('order.placed', { id: 1, kind: null, counts: { a: '1' } });",
      "'string' is not assignable to type 'number'",
    ],
    ["await sender.notify('order.placed', { id: 1, kind: null, both: { a: '1' } });", "'b' is missing"],
    ["await sender.notify('stock.checked');", 'Expected'],
    ["await sender.notify('stock.checked', true, { delayMs: '5' });", "'string' is not assignable to type 'number'"],
  ])('its types judge %s', async (call, error) => {
    await make('-o', file);
    const said = compile(use(call));
    if (error === '') expect(said).toBe('');
    else expect(said).toContain(error);
  });

  test('a name that is no channel is refused before anything is sent', async () => {
    await make('-o', file);
    const { channelSender } = await import(pathToFileURL(file).href);
    const sent: unknown[] = [];
    const sender = channelSender({ notify: async (...args: unknown[]) => sent.push(args) });
    await expect(sender.notify('order.place', {})).rejects.toThrow('"order.place" is no channel: there are a.text');
    await sender.notify('any.json', 1, { priority: 2 });
    expect(sent).toEqual([['any.json', 1, { priority: 2 }]]);
  });

  test('.d.ts: the same types and nothing else', async () => {
    await make('-o', declarations);
    const text = readFileSync(declarations, 'utf8');
    expect(text).not.toContain('channelNames');
    rmSync(file, { force: true });
    expect(
      compile(
        "import type { ChannelSender } from './channels.js';\nexport const f = (s: ChannelSender<object>) => s.notify('stock.checked', 1);",
      ),
    ).toContain("'number' is not assignable to parameter of type 'boolean'");
    rmSync(declarations);
  });

  test('says what is wrong with a module', async () => {
    const missing = await run(['types', '--handlers', 'none.mjs', '--json']);
    expect(missing.code).toBe(1);
    expect(missing.stderr + missing.stdout).toContain('PGRELAY_HANDLERS_UNREADABLE');
    const empty = path.join(folder, 'empty.mjs');
    writeFileSync(empty, 'export const a = 1;');
    expect((await run(['types', '--handlers', empty])).stderr).toContain('no channel and no handler is exported');
    const twice = path.join(folder, 'twice.mjs');
    writeFileSync(
      twice,
      `const schema = (type) => ({ '~standard': { version: 1, vendor: 'x', validate: (value) => ({ value }), jsonSchema: { input: () => ({ type }) } } });
       export const all = [{ name: 'c', payload: schema('string') }, { name: 'c', payload: schema('number') }];
       export const same = [{ name: 'd', payload: schema('string') }, { name: 'd', payload: schema('string') }];`,
    );
    expect((await run(['types', '--handlers', twice])).stderr).toContain('channel "c" has two schemas that differ');
    expect((await make('-o', path.join(folder, 'no', 'file.ts'))).stderr).toContain('cannot be written');
    expect((await run(['types'])).code).toBe(2);
  });
});

test.each([
  [{ anyOf: [{ type: 'array', items: { enum: ['|', 'a'] } }, { type: 'number' }] }, '("|" | "a")[] | number'],
  [{ enum: [] }, 'never'],
  [false, 'never'],
  [true, 'unknown'],
  [{ type: 'array' }, 'unknown[]'],
  [{ oneOf: [{}, { type: 'string' }] }, 'unknown'],
  [{ type: 'object' }, 'Record<string, unknown>'],
  [{ $ref: 'https://elsewhere/schema' }, 'unknown'],
  [{ $ref: '#/$defs/a~1b', $defs: { 'a/b': { type: 'string' } } }, 'string'],
  [{ $ref: '#' }, 'unknown'],
  [{ const: { a: 1 } }, 'unknown'],
])('the type of %j is %s', (schema, wanted) => {
  expect(jsonSchemaType(schema)).toBe(wanted);
});

test('zod says what goes in, arktype too; what JSON cannot hold is unknown, with the reason', () => {
  const Order = z.object({
    id: z.coerce.number<number>(),
    at: z.iso.datetime().optional(),
    kind: z.literal(['a', 'b']).default('a'),
  });
  const { text, untyped } = channelTypes(
    declaredChannels([
      defineChannel('zod', { payload: Order }),
      defineChannel('ark', { payload: type({ id: 'number', 'at?': 'string' }) }),
      defineChannel('date', { payload: z.object({ at: z.date() }) }),
    ]),
    { declarations: true },
  );
  expect(text).toContain('"zod": {\n    id: number;\n    at?: string;\n    kind?: "a" | "b";\n  };');
  expect(text).toMatch(/"ark": \{\n( {4}id: number;\n {4}at\?: string;| {4}at\?: string;\n {4}id: number;)\n {2}\};/);
  expect(text).toContain('"date": unknown;');
  expect(untyped).toEqual([
    { channel: 'date', reason: expect.stringContaining('(zod) cannot be said in JSON Schema') },
  ]);
});
