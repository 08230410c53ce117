import { setTimeout as pause } from 'node:timers/promises';
import type pg from 'pg';
import { connect } from '../harness/connect.js';
import { sqlFile } from '../harness/sql-files.js';
import { between } from './random.js';

interface Line {
  readonly channel: string;
  readonly kind: 'transactional' | 'leased' | 'once' | 'none';
  /** How many of its events wait or run at any time. */
  readonly backlog: number;
  /** What the payloads ask for, in equal shares. */
  readonly does: readonly string[];
}

/** The mixed load: every kind of channel, and every end an event can have. */
const lines: readonly Line[] = [
  { channel: 'faults.sql', kind: 'transactional', backlog: 60, does: [...times('ok', 30), 'conflict', 'fail'] },
  { channel: 'faults.parallel', kind: 'transactional', backlog: 60, does: ['ok'] },
  { channel: 'faults.slow', kind: 'transactional', backlog: 3, does: ['slow'] },
  {
    channel: 'faults.tx',
    kind: 'transactional',
    backlog: 40,
    does: [...times('ok', 8), ...times('child', 4), 'retry', 'snooze', 'cancel', 'fail', 'throw'],
  },
  {
    channel: 'faults.leased',
    kind: 'leased',
    backlog: 40,
    does: [...times('ok', 10), 'retry', 'snooze', 'cancel', 'fail'],
  },
  {
    channel: 'faults.batch',
    kind: 'leased',
    backlog: 30,
    does: [...times('ok', 10), 'retry', 'snooze', 'cancel', 'fail'],
  },
  { channel: 'faults.once', kind: 'once', backlog: 20, does: ['ok', 'ok', 'retry'] },
  { channel: 'faults.parent', kind: 'leased', backlog: 10, does: ['child'] },
  { channel: 'faults.toplevel', kind: 'none', backlog: 3, does: ['ok'] },
];

function times(what: string, count: number): string[] {
  return Array.from({ length: count }, () => what);
}

const ends: Readonly<Record<string, string>> = { fail: 'failed', throw: 'failed', slow: 'failed', cancel: 'cancelled' };

/** How often the load is topped up, in ms; half of a channel's backlog at most, since faults are what counts and not events. */
const everyMs = 200;

/**
 * An application that keeps every channel busy: tops each up, some events delayed, some of another priority, and rolls some of
 * its transactions back, whose events must never be. Goes on when the server was away.
 */
export class Load {
  readonly #url: string;
  readonly #next: () => number;
  #client: pg.Client | undefined;
  #stopping = false;
  #running: Promise<void> | undefined;
  #fault: unknown;

  constructor(url: string, next: () => number) {
    this.#url = url;
    this.#next = next;
  }

  start(): void {
    this.#running ??= this.#loop();
  }

  /** @throws what stopped it earlier, if anything but an absent server did */
  async stop(): Promise<void> {
    this.#stopping = true;
    await this.#running;
    await this.#client?.end().catch(() => undefined);
    if (this.#fault !== undefined) throw this.#fault;
  }

  async #loop(): Promise<void> {
    while (!this.#stopping) {
      try {
        this.#client ??= await connect(this.#url, 'faults load');
        await this.#topUp(this.#client);
      } catch (error) {
        if (!isAbsent(error)) {
          this.#fault = error;
          return;
        }
        void this.#client?.end().catch(() => undefined);
        this.#client = undefined;
      }
      await pause(everyMs);
    }
  }

  async #topUp(client: pg.Client): Promise<void> {
    const { rows } = await client.query<{ channel: string; waiting: number }>(sqlFile('faults/waiting.sql'));
    const waiting = new Map(rows.map((row) => [row.channel, row.waiting]));
    for (const line of lines) {
      const count = Math.min(line.backlog - (waiting.get(line.channel) ?? 0), Math.ceil(line.backlog / 2));
      if (count <= 0) continue;
      if (this.#next() < 0.05) await this.#sendInVain(client, line, count);
      await this.#send(client, line, count);
    }
  }

  async #sendInVain(client: pg.Client, line: Line, count: number): Promise<void> {
    await client.query('begin');
    await this.#send(client, line, count);
    await client.query('rollback');
  }

  async #send(client: pg.Client, { channel, kind, does }: Line, count: number): Promise<void> {
    const asked = Array.from({ length: count }, () => does[between(0, does.length - 1, this.#next)] ?? 'ok');
    await client.query(sqlFile('faults/enqueue.sql'), [
      asked.map(() => channel),
      asked,
      asked.map(() => kind),
      asked.map((what) => ends[what] ?? 'done'),
      asked.map((what) => (what === 'child' ? 1 : 0)),
      asked.map(() => (this.#next() < 0.1 ? between(1, 300, this.#next) : 0)),
      asked.map(() => (this.#next() < 0.1 ? 5 : 0)),
    ]);
  }
}

/** The server is away, or ends sessions: not the load's fault. */
function isAbsent(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const code = 'code' in error ? String(error.code) : '';
  return /^(08|57P|53300|ECONN|EPIPE)/.test(code) || /^(Connection terminated|Client )/.test(error.message);
}
