import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { useDatabase } from '@pgrelay/test-support';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { Ledger } from '../../dist/faults/ledger.js';

const db = useDatabase();
let ledger: Ledger;
let channel: number;

/** Writes to the relay's own tables are only the owner's. */
const asOwner = async (sql: string) => {
  await db.query(`set role pgrelay_owner; ${sql}; reset role`);
};

beforeAll(async () => {
  ledger = new Ledger(await db.connect());
  await ledger.setUp();
  channel = (await db.query<{ id: number }>("select id from pgrelay.channels where name = 'faults.sql'"))[0]?.id ?? 0;
});

beforeEach(async () => {
  await db.query('truncate faults.event, faults.effect');
  await asOwner(
    'delete from pgrelay.log; delete from pgrelay.queue; delete from pgrelay.delayed; delete from pgrelay.failed',
  );
});

interface Event {
  readonly kind?: 'transactional' | 'leased' | 'once' | 'none';
  readonly expected?: 'done' | 'failed' | 'cancelled';
  readonly children?: number;
  readonly parent?: number;
}

const enqueued = (id: number, { kind = 'transactional', expected = 'done', children = 0, parent }: Event = {}) =>
  db.query(
    "insert into faults.event (id, channel, kind, expected, children, parent) values ($1, 'faults.sql', $2, $3, $4, $5)",
    [id, kind, expected, children, parent],
  );

/** Audit rows of attempts 1, 2 …, or of those that are named. */
const audited = (id: number, ...outcomes: (string | [attempt: number, outcome: string])[]) =>
  asOwner(
    outcomes
      .map((one, index) => (typeof one === 'string' ? ([index + 1, one] as const) : one))
      .map(
        ([attempt, outcome]) =>
          `insert into pgrelay.log (event_id, enqueued_at, finished_at, attempt, node, channel, outcome)
           values (${id}, now(), now(), ${attempt}, 1, 'faults.sql', '${outcome}')`,
      )
      .join(';'),
  );

const effects = (id: number, ...attempts: number[]) =>
  db.query("insert into faults.effect (event_id, attempt, how) select $1, x, 'sql' from unnest($2::integer[]) x", [
    id,
    attempts,
  ]);

const waits = (id: number, { attempt = 0, retried = 0, lost = 0, slot = 'null' } = {}) =>
  asOwner(`insert into pgrelay.queue (id, enqueued_at, run_at, channel_id, attempt, retried, lost, node, slot)
    values (${id}, now(), now(), ${channel}, ${attempt}, ${retried}, ${lost}, 1, ${slot})`);

const dead = (id: number, reason: string, { attempt = 1, retried = 0, lost = 0 } = {}) =>
  asOwner(`insert into pgrelay.failed (id, channel, reason, attempt, retried, lost, priority, node, enqueued_at, failed_at, code)
    values (${id}, 'faults.sql', '${reason}', ${attempt}, ${retried}, ${lost}, 0, 1, now(), now(), 'x')`);

const found = async () => (await ledger.check()).map(({ id, violation }) => `${id} ${violation}`);

describe('a ledger that is in order', () => {
  test('says nothing: every end, every detour, and what is still under way', async () => {
    await enqueued(1);
    await audited(1, 'done');
    await effects(1, 1);
    await enqueued(2);
    await audited(2, 'lost', 'retried', 'snoozed', 'done');
    await effects(2, 4);
    await enqueued(3, { expected: 'failed' });
    await audited(3, 'retried', 'failed');
    await dead(3, 'failed', { attempt: 2, retried: 1 });
    await enqueued(4, { kind: 'leased' });
    await audited(4, 'lost', 'done');
    await effects(4, 1, 2, 2);
    await enqueued(5, { kind: 'once' });
    await audited(5, 'lost', 'retried', 'done');
    await effects(5, 1, 2);
    await enqueued(6, { expected: 'cancelled' });
    await audited(6, 'cancelled');
    await enqueued(7);
    await audited(7, 'lost', 'lost', 'lost');
    await dead(7, 'quarantined', { attempt: 3, lost: 3 });
    await enqueued(8);
    await waits(8);
    await enqueued(9);
    await audited(9, 'retried', 'lost');
    await waits(9, { attempt: 3, retried: 1, lost: 1, slot: '1' });
    await enqueued(10, { children: 1 });
    await audited(10, 'done');
    await effects(10, 1);
    await enqueued(11, { parent: 10 });
    await audited(11, 'done');
    await effects(11, 1);
    await enqueued(12, { kind: 'leased', children: 1 });
    await audited(12, 'lost', 'done');
    await effects(12, 1, 2);
    for (const id of [13, 14]) {
      await enqueued(id, { parent: 12 });
      await waits(id);
    }
    expect(await found()).toEqual([]);
    expect(await ledger.counts()).toEqual({
      events: 14,
      auditRows: 22,
      effects: 11,
      lostAttempts: 8,
      quarantined: 1,
      leasedAgain: 0,
    });
    expect(await ledger.left()).toBe('1 claimed in faults.sql (9 …), 3 ready in faults.sql (8 …)');
  });
});

/** Each breach, made by hand. */
const breaches: Readonly<Record<string, () => Promise<unknown>>> = {
  'event lost': () => enqueued(1),
  'final audit row twice': async () => {
    await enqueued(1);
    await audited(1, 'done', 'done');
    await effects(1, 2);
  },
  'audit row after the end': async () => {
    await enqueued(1);
    await audited(1, 'done', 'lost');
    await effects(1, 1);
  },
  'ended and waiting': async () => {
    await enqueued(1);
    await audited(1, 'done');
    await effects(1, 1);
    await waits(1, { attempt: 1 });
  },
  'dead letter without its audit row': async () => {
    await enqueued(1, { expected: 'failed' });
    await audited(1, 'retried');
    await dead(1, 'failed', { retried: 1 });
  },
  'audit row without its dead letter': async () => {
    await enqueued(1, { expected: 'failed' });
    await audited(1, 'failed');
  },
  'ended and dead letter': async () => {
    await enqueued(1, { kind: 'none' });
    await audited(1, 'lost', 'lost', 'lost', 'done');
    await dead(1, 'quarantined', { attempt: 4, lost: 3 });
  },
  'wrong end': async () => {
    await enqueued(1);
    await audited(1, 'failed');
    await dead(1, 'failed');
  },
  'quarantined too early': async () => {
    await enqueued(1);
    await audited(1, 'lost');
    await dead(1, 'quarantined', { lost: 1 });
  },
  'transactional effect missing': async () => {
    await enqueued(1);
    await audited(1, 'done');
  },
  'transactional effect twice': async () => {
    await enqueued(1);
    await audited(1, 'done');
    await effects(1, 1, 1);
  },
  'transactional effect of an undone attempt': async () => {
    await enqueued(1, { expected: 'failed' });
    await audited(1, 'failed');
    await dead(1, 'failed');
    await effects(1, 1);
  },
  'leased effect missing': async () => {
    await enqueued(1, { kind: 'leased' });
    await audited(1, 'lost', 'done');
    await effects(1, 1);
    await enqueued(2, { kind: 'once' });
    await audited(2, 'done');
  },
  'recorded effect made again': async () => {
    await enqueued(1, { kind: 'once' });
    await audited(1, 'retried', 'done');
    await effects(1, 1, 2);
  },
  'event not sent': async () => {
    await enqueued(1, { kind: 'none', children: 1 });
    await audited(1, 'done');
  },
  'event sent twice': async () => {
    await enqueued(1, { children: 1 });
    await audited(1, 'done');
    await effects(1, 1);
    for (const id of [2, 3]) {
      await enqueued(id, { parent: 1 });
      await waits(id);
    }
  },
  'event sent by an undone attempt': async () => {
    await enqueued(1, { children: 1 });
    await waits(1);
    await enqueued(2, { parent: 1 });
    await waits(2);
  },
  'audit row without event': () => audited(1, 'done'),
  'effect without event': () => effects(1, 1),
  'waiting or dead without event': async () => {
    await waits(1);
    await dead(2, 'channel_dropped');
  },
  'attempts not counted one by one': async () => {
    await enqueued(1);
    await audited(1, [1, 'lost'], [3, 'done']);
    await effects(1, 3);
    await enqueued(2, { kind: 'leased' });
    await audited(2, [1, 'lost'], [1, 'lost'], [2, 'done']);
    await effects(2, 2);
  },
  'attempts counted wrong': async () => {
    await enqueued(1);
    await audited(1, 'lost');
    await waits(1, { attempt: 1, lost: 0 });
    await enqueued(2);
    await waits(2, { attempt: 0, slot: '1' });
    await enqueued(3, { expected: 'failed' });
    await audited(3, 'failed');
    await dead(3, 'failed', { attempt: 2 });
  },
};

describe('the ledger finds', () => {
  for (const [violation, make] of Object.entries(breaches)) {
    test(violation, async () => {
      await make();
      const all = await found();
      const mine = all.filter((line) => line.endsWith(violation));
      expect(mine.length).toBeGreaterThan(0);
      // Breaches go together (an event that ended twice was also counted twice), but none is reported of another event.
      expect(new Set(all.map((line) => line.split(' ')[0]))).toEqual(new Set(mine.map((line) => line.split(' ')[0])));
    });
  }

  test('every breach that it knows, in the tests above', async () => {
    const text = (await import('node:fs')).readFileSync(
      new URL('../../sql/faults/ledger/check.sql', import.meta.url),
      'utf8',
    );
    const known = [...text.matchAll(/select '([a-z ]+)'(?: as violation)?, [eafg]\.id/g)].map(([, name]) => name);
    expect(known.length).toBeGreaterThan(15);
    expect(Object.keys(breaches).sort()).toEqual(known.sort());
  });
});

test('effects made outside the database, and events sent by leased handlers, are taken over from the files once', async () => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'pgrelay-ledger-'));
  try {
    writeFileSync(path.join(folder, '1.effects'), 'effect 7 1 leased\nchild 8 7\neffect 7 1 leased\n');
    writeFileSync(path.join(folder, '2.effects'), 'effect 9 2 once\n');
    await ledger.import(folder);
    await ledger.import(folder);
    expect(await db.query('select event_id::integer as id, attempt, how from faults.effect order by 1')).toEqual([
      { id: 7, attempt: 1, how: 'leased' },
      { id: 7, attempt: 1, how: 'leased' },
      { id: 9, attempt: 2, how: 'once' },
    ]);
    expect(await db.query('select id::integer as id, parent::integer as parent from faults.event')).toEqual([
      { id: 8, parent: 7 },
    ]);
    expect((await ledger.counts()).leasedAgain).toBe(1);
    expect(readdirSync(folder)).toEqual([]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
