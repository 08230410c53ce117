import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { useDatabase } from '@pgrelay/test-support';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { run } from './support/binary.js';

const database = useDatabase();
const folder = mkdtempSync(path.join(os.tmpdir(), 'pgrelay-jobs-'));
const file = path.join(folder, 'jobs.mjs');
const declare = (jobs: string) => writeFileSync(file, jobs);
const cron = (...args: string[]) => run(['cron', ...args], { databaseUrl: database.url });

beforeAll(() => database.query("select pgrelay.register_channel('work')"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('the plan is shown first and changes nothing; sync does it, and leaves what an operator changed', async () => {
  const name = `jobs-${Date.now()}.mjs`;
  const source = path.join(folder, name);
  writeFileSync(source, "export const jobs = [{ name: 'tidy', spec: '0 3 * * *', channel: 'work' }];");
  expect(await cron('plan', source)).toMatchObject({ code: 0, stdout: 'create "tidy"\n' });
  expect(await database.query('select name from pgrelay_cron.jobs')).toEqual([]);
  expect(await cron('sync', source)).toMatchObject({ code: 0, stdout: 'create "tidy"\n' });
  await database.query("select pgrelay_cron.alter('tidy', p_spec => '0 4 * * *')");
  const { stdout } = await cron('plan', source, '--json');
  expect(JSON.parse(stdout)).toEqual([
    { job: 'tidy', action: 'none', changes: {}, kept: { spec: { declared: '0 3 * * *', actual: '0 4 * * *' } } },
  ]);
  declare('export default [];');
  expect(await cron('plan', file, '--app', 'other')).toMatchObject({ code: 0, stdout: 'No jobs.\n' });
  expect(await cron('sync', file)).toMatchObject({ code: 0, stdout: 'remove "tidy"\n' });
  expect(await database.query('select name from pgrelay_cron.jobs')).toHaveLength(1);
  expect(await cron('sync', file, '--remove')).toMatchObject({ code: 0, stdout: 'remove "tidy"\n' });
  expect(await database.query('select name from pgrelay_cron.jobs')).toEqual([]);
});

test('a file that exports no jobs, or none that can be, is exit code 1 with its code', async () => {
  declare('export const jobs = 5;');
  expect((await cron('plan', file)).stderr).toMatch(/^error PGRELAY_JOBS_UNREADABLE: .*exports no array/);
  const missing = await cron('plan', path.join(folder, 'nowhere.mjs'));
  expect(missing.code).toBe(1);
  expect(missing.stderr).toMatch(/^error PGRELAY_JOBS_UNREADABLE: .*cannot be loaded/);
  declare("export const jobs = [{ name: 'x', spec: '0 3 * * *' }];");
  expect((await cron('plan', file)).stderr).toMatch(/^error PLUGIN_CRON_OPTION_INVALID: /);
  declare("export const jobs = [{ name: 'x', spec: '61 * * * *', channel: 'work' }];");
  expect((await cron('plan', file)).stderr).toMatch(/^error PLUGIN_CRON_SPEC_INVALID: .*the field minute/);
});
