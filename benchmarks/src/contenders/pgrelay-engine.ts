import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Arena, Engine } from '../harness/engine.js';
import { sqlFile } from '../harness/sql-files.js';

/** What `npx pgrelay` runs. */
export const pgrelayCommand = fileURLToPath(new URL('../../../packages/pgrelay/bin/pgrelay.js', import.meta.url));

/** Our tables, as `npx pgrelay migrate` makes them. */
export const pgrelayEngine: Engine = {
  name: 'pgrelay',
  async prepare({ url, node, client }) {
    await promisify(execFile)(node, [pgrelayCommand, 'migrate'], { env: { ...process.env, DATABASE_URL: url } });
    await client.query(sqlFile('drain/effects.sql'));
    await client.query(sqlFile('drain/pgrelay/grants.sql'));
  },
  async settle({ client }) {
    await client.query(sqlFile('drain/pgrelay/node.sql'));
  },
};

/** Waits until so many Processors run and are idle. Past the limit they go on as they are: they look once a second anyway. */
export async function untilProcessorsReady({ client }: Arena, count: number, check: () => void): Promise<void> {
  const deadline = Date.now() + 60_000;
  for (;;) {
    check();
    const { rows } = await client.query<{ ready: boolean }>(sqlFile('drain/pgrelay/ready.sql'), [count]);
    if (rows[0]?.ready === true) return;
    if (Date.now() > deadline) throw new Error(`${count} Processors are not ready after a minute`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
