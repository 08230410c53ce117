import { readFile } from 'node:fs/promises';
import { cronSql } from '@pgrelay/plugin-cron';
import { useDatabase } from '@pgrelay/test-support';
import { expect, test } from 'vitest';

const database = useDatabase();
const migration = (name: string) => readFile(new URL(`migrations/${name}`, cronSql.directory), 'utf8');

test('jobs of the first release keep their next time and their kind, and those of SQL their rhythm', async () => {
  const client = await database.connect();
  await client.query('set role pgrelay_owner');
  await client.query('drop schema pgrelay_cron cascade');
  await client.query('reset role');
  await client.query('create schema pgrelay_cron authorization pgrelay_owner');
  await client.query('set role pgrelay_owner');
  await client.query(await migration('0001_pre_schema.sql'));
  await client.query(
    `insert into pgrelay_cron.job (name, spec, every, source, channel, payload, next_fire_at) values
       ('tidy', 'every 10 minutes', '10 minutes', 'sql', 'cron.tidy', null, '2026-01-01 00:03:07Z'),
       ('beat', '5s', '5 seconds', 'code', 'beat', '1', '2026-01-01 00:00:02Z')`,
  );
  await client.query(await migration('0002_pre_policies.sql'));
  const { rows } = await client.query(
    `select name, kind, source, app, state, timezone, missed, overlap, payload, next_planned_at = next_fire_at as same, starts_at = next_fire_at as anchored from pgrelay_cron.job order by name`,
  );
  const common = { state: 'active', timezone: 'UTC', missed: 'latest', overlap: 'queue', same: true };
  expect(rows).toEqual([
    { name: 'beat', kind: 'event', source: 'code', app: 'default', payload: '1', anchored: null, ...common },
    { name: 'tidy', kind: 'command', source: 'sql', app: null, payload: null, anchored: true, ...common },
  ]);
});
