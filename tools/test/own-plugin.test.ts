import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { until, useDatabase } from '@pgrelay/test-support';
import { SMTPServer } from 'smtp-server';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { OutsideProject } from './support/outside-project.js';
import { packAll, readManifest, repository } from './support/packed-packages.js';

/** The guide, done as it says: in a project outside of the workspace, with the packages as they would be published. */
const guide = readFileSync(path.join(repository, 'docs/guides/write-your-own-plugin.md'), 'utf8');
const db = useDatabase({ template: 'empty' });

/** The files that the guide shows, by their names. */
const files = new Map(
  [...guide.matchAll(/^```ts outside ([\w.-]+)\n([\s\S]*?)^```$/gm)].map((match) => [match[1] ?? '', match[2] ?? '']),
);
/** The commands that it shows, line by line. */
const commands = [...guide.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].flatMap((match) =>
  (match[1] ?? '').trim().split('\n'),
);

interface Mail {
  readonly from: string;
  readonly to: string;
  readonly text: string;
}

/** A real SMTP server on this machine, which may refuse who a mail is for. */
const mails: Mail[] = [];
const refusals = new Map<string, number[]>();
const smtp = new SMTPServer({
  authOptional: true,
  disabledCommands: ['STARTTLS', 'AUTH'],
  onRcptTo({ address }, _session, done) {
    const responseCode = refusals.get(address)?.shift();
    if (responseCode === undefined) done();
    else done(Object.assign(new Error('not this one'), { responseCode }));
  },
  onData(stream, session, done) {
    const chunks: Buffer[] = [];
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.on('end', () => {
      const { mailFrom, rcptTo } = session.envelope;
      mails.push({
        from: mailFrom === false ? '' : (mailFrom?.address ?? ''),
        to: rcptTo[0]?.address ?? '',
        text: Buffer.concat(chunks).toString(),
      });
      done();
    });
  },
});

let project: OutsideProject;
let processor: ChildProcess | undefined;
let output = '';

beforeAll(async () => {
  const all = packAll();
  try {
    const wanted = new Set(commands.flatMap((line) => line.match(/@pgrelay\/[\w-]+/g) ?? []));
    const { nodemailer = '', typescript = '', '@types/node': node = '' } = readManifest('.').devDependencies ?? {};
    project = new OutsideProject();
    project.install(
      all.packed.filter(({ manifest }) => wanted.has(manifest.name)),
      `nodemailer@${nodemailer}`,
      `typescript@${typescript}`,
      `@types/node@${node}`,
    );
  } finally {
    all.remove();
  }
  await new Promise<void>((resolve) => void smtp.listen(0, '127.0.0.1', resolve));
}, 600_000);

afterAll(async () => {
  processor?.kill('SIGKILL');
  project?.remove();
  await new Promise<void>((resolve) => void smtp.close(() => resolve()));
});

test('the plugin has under 80 lines', () => {
  const lines = files.get('email.ts')?.trimEnd().split('\n') ?? [];
  expect(lines.length).toBeGreaterThan(40);
  expect(lines.length).toBeLessThan(80);
});

test('what the guide installs is what this test installs', () => {
  const installed = commands
    .filter((line) => line.startsWith('npm install'))
    .flatMap((line) => line.split(' ').slice(2));
  expect(installed.filter((name) => !name.startsWith('-')).sort()).toEqual(
    ['@pgrelay/relay-core', '@pgrelay/relay-sql', '@types/node', 'nodemailer', 'typescript'].sort(),
  );
});

test('it compiles as the guide says', () => {
  for (const [name, text] of files) project.write(name, text);
  const tsc = commands.find((line) => line.startsWith('npx tsc'))?.split(' ') ?? [];
  expect(project.run('npx', ['--no-install', ...tsc.slice(1)])).toBe('');
});

const ended = (id: string) =>
  db.query<{ outcome: string; code: string | null }>(
    'select outcome, code from pgrelay.log where event_id = $1 order by finished_at',
    [id],
  );

async function send(payload: object): Promise<string> {
  const [row] = await db.query<{ id: string }>("select pgrelay.notify('email', $1)::text as id", [
    JSON.stringify(payload),
  ]);
  return row?.id ?? '';
}

test('it sends mails, tries again what is deferred, keeps what is refused, and stops when told to', async () => {
  const { port } = smtp.server.address() as AddressInfo;
  const run = commands.at(-1)?.split(' ') ?? [];
  expect(run.slice(-2)).toEqual(['node', 'out/main.js']);
  const child = spawn(process.execPath, run.slice(-1), {
    cwd: project.folder,
    env: { ...process.env, DATABASE_URL: db.url, SMTP_URL: `smtp://127.0.0.1:${port}` },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  processor = child;
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  const exited = new Promise((resolve) => child.once('close', resolve));
  await until(async () => {
    if (child.exitCode !== null) throw new Error(`it ended: ${output}`);
    return mails.length === 1;
  }, 'the first mail is there');
  const [first] = await db
    .query<{ event_id: string }>("select event_id::text from pgrelay.log where channel = 'email'")
    .then((rows) => rows);
  expect(mails[0]).toMatchObject({ from: 'shop@example.com', to: 'ada@example.com' });
  expect(mails[0]?.text).toContain('Subject: Hello');
  if (first !== undefined) expect(mails[0]?.text).toContain(`<event-${first.event_id}@pgrelay>`);
  const url = /"url":"(http:[^"]+)"/.exec(output)?.[1] ?? '';
  expect((await fetch(`${url}/readyz`)).status).toBe(200);

  refusals.set('grace@example.com', [451]);
  refusals.set('nobody@example.com', [550]);
  const deferred = await send({ to: 'grace@example.com', subject: 'canary-subject', text: 'b' });
  const refused = await send({ to: 'nobody@example.com', subject: 'canary-subject', text: 'c' });
  const invalid = await send({ to: 'eve@example.com' });
  await until(
    async () =>
      (await ended(deferred)).length === 2 &&
      (await ended(refused)).length === 1 &&
      (await ended(invalid)).length === 1,
    'they have ended',
  );
  expect(await ended(deferred)).toEqual([
    { outcome: 'retried', code: 'mail_deferred' },
    { outcome: 'done', code: null },
  ]);
  expect(await ended(refused)).toEqual([{ outcome: 'failed', code: 'mail_refused' }]);
  expect(await ended(invalid)).toEqual([{ outcome: 'failed', code: 'mail_invalid' }]);
  expect(mails.map(({ to }) => to)).toEqual(['ada@example.com', 'grace@example.com']);

  child.kill('SIGTERM');
  expect(await exited).toBe(0);
  expect(output).not.toContain('canary-subject');
});

test('bad options are refused when the plugin is made, and no password is quoted', () => {
  project.write(
    'bad.mjs',
    `import { email } from './out/email.js';
     for (const options of [{}, { url: 'http://u:hunter2@h', from: 'a@b' }, { url: 'smtp://h', from: 'a' }, { url: 'smtp://h', from: 'a@b', connections: 0 }])
       try { email(options); console.log('accepted'); } catch (error) { console.log(error.code, error.message); }`,
  );
  const lines = project.run('node', ['bad.mjs']).trimEnd().split('\n');
  expect(lines).toHaveLength(4);
  for (const line of lines) expect(line).toMatch(/^EMAIL_OPTION_INVALID email\(\): /);
  expect(lines.join()).not.toContain('hunter2');
});
