import { useDatabase } from '@pgrelay/test-support';
import { expect, test } from 'vitest';
import { run } from './support/binary.js';

const empty = useDatabase({ template: 'empty' });

test('start says to migrate; migrate says what it does, and does it once', async () => {
  const options = { databaseUrl: empty.url };
  for (const command of ['start', 'problems']) {
    const { code, stderr } = await run([command], options);
    expect(code).toBe(1);
    expect(stderr).toContain('error RELAY_NOT_INSTALLED');
    expect(stderr).toContain('npx pgrelay migrate');
  }

  const first = await run(['migrate'], options);
  expect(first).toMatchObject({ code: 0, stderr: '' });
  for (const module of ['pgrelay', 'pgauto_mv', 'pgrelay_http', 'pgrelay_cron']) {
    expect(first.stdout).toContain(`${module}: migration 1 pre_schema\n`);
    expect(first.stdout).toContain(`${module}: functions and grants\n`);
  }
  expect(first.stdout).toMatch(/Done: \d+ migrations applied\.\n$/);

  const second = await run(['migrate'], options);
  expect(second).toEqual({ code: 0, stdout: 'Nothing to do: the database is up to date.\n', stderr: '' });
  const json = await run(['migrate', '--json'], options);
  expect(JSON.parse(json.stdout)).toEqual({ applied: [], upToDate: true, steps: [] });
});

test('start refuses a database that is behind, and names what is', async () => {
  await run(['migrate'], { databaseUrl: empty.url });
  await empty.query("delete from pgrelay.schema_migration where module = 'pgauto_mv'");
  const { code, stderr } = await run(['start', '--json'], { databaseUrl: empty.url });
  expect(code).toBe(1);
  expect(JSON.parse(stderr)).toMatchObject({
    error: { code: 'PGRELAY_SCHEMA_OLD', message: expect.stringContaining('pgauto_mv (old)') },
  });
});
