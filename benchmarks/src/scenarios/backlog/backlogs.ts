import type pg from 'pg';
import { fillChannel } from '../../harness/relay-drain.js';
import { sqlFile } from '../../harness/sql-files.js';

const DELAYED = { full: 1_000_000, quick: 5_000 } as const;
const PAUSED = { full: 100_000, quick: 1_000 } as const;

/** What lies around while events are claimed. */
export interface Backlog {
  readonly name: 'nothing' | 'delayed' | 'paused';
  readonly title: string;
  fill(client: pg.Client, quick: boolean): Promise<void>;
}

/** The first is what the others are compared with. */
export const backlogs: readonly [Backlog, ...Backlog[]] = [
  { name: 'nothing', title: 'nothing besides', fill: async () => undefined },
  {
    name: 'delayed',
    title: 'a million delayed events',
    async fill(client, quick) {
      await client.query(sqlFile('engine/register.sql'), ['backlog.delayed', 'select $1']);
      await client.query(sqlFile('engine/delayed.sql'), ['backlog.delayed', quick ? DELAYED.quick : DELAYED.full]);
    },
  },
  {
    name: 'paused',
    title: '100,000 events of a paused channel ahead',
    async fill(client, quick) {
      await client.query(sqlFile('engine/register.sql'), ['backlog.paused', 'select $1']);
      await fillChannel(client, 'backlog.paused', quick ? PAUSED.quick : PAUSED.full);
    },
  },
];
