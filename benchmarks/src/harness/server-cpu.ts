import { readdirSync } from 'node:fs';
import type pg from 'pg';
import { cpuMs, title } from './process-facts.js';
import { sqlFile } from './sql-files.js';

/** CPU time of a server, in ms: of the sessions of whom is measured, and of its own processes (WAL, checkpoints, autovacuum). */
export interface ServerCpu {
  readonly sessions: number;
  readonly background: number;
}

const BACKGROUND =
  /^postgres: (checkpointer|background writer|walwriter|autovacuum|logical replication|io worker|walsender|startup|archiver)/;

/** Reads the CPU time of a server on this machine. */
export class ServerCpuMeter {
  readonly #postmaster: number;
  readonly #ownSession: number;

  private constructor(postmaster: number, ownSession: number) {
    this.#postmaster = postmaster;
    this.#ownSession = ownSession;
  }

  /** A meter that leaves the session of `client` out; undefined when the server is not on this machine. */
  static async on(client: pg.Client): Promise<ServerCpuMeter | undefined> {
    const { rows } = await client.query<{ pid: number }>(sqlFile('session-pid.sql'));
    const pid = rows[0]?.pid ?? 0;
    try {
      return title(pid).startsWith('postgres') ? new ServerCpuMeter(cpuMs(pid).parent, pid) : undefined;
    } catch {
      return undefined;
    }
  }

  /** So far. What sessions that have ended used is counted with the sessions. */
  read(): ServerCpu {
    let sessions = cpuMs(this.#postmaster).reaped;
    let background = cpuMs(this.#postmaster).own;
    for (const name of readdirSync('/proc')) {
      const pid = Number(name);
      if (!Number.isInteger(pid) || pid === this.#ownSession) continue;
      try {
        const { own, parent } = cpuMs(pid);
        if (parent !== this.#postmaster) continue;
        if (BACKGROUND.test(title(pid))) background += own;
        else sessions += own;
      } catch {
        // It ended meanwhile: its time is in that of its parent at the next reading.
      }
    }
    return { sessions, background };
  }
}
