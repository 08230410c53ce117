import { defineHandler } from '@pgrelay/relay-core';
import { useDatabase } from '@pgrelay/test-support';
import { expect, test } from 'vitest';
import { outcomes, running, untilIdle } from './support/running.js';

const db = useDatabase();
/** So rare that whoever waits for the next poll waits too long. */
const pollIntervalMs = 3_600_000;

test.each([
  ['leased', ''],
  ['transactional', ", p_mode => 'transactional'"],
  ['sql', ", 'select 1'"],
])('events that were lost once run one by one, but not one a poll (%s)', async (kind, more) => {
  const channel = `e.${kind}`;
  await db.query(`select pgrelay.register_channel('${channel}'${more})`);
  await db.query(`select pgrelay.notify('${channel}') from generate_series(1, 20)`);
  await db.query('set role pgrelay_owner; update pgrelay.queue set lost = 1; reset role');
  const mode = kind === 'transactional' ? 'transactional' : 'leased';
  await running(db, {
    pollIntervalMs,
    handlers: kind === 'sql' ? [] : [defineHandler(channel, { mode }, () => undefined)],
  });
  await untilIdle(db, channel);
  expect(await outcomes(db, channel)).toHaveLength(20);
});
