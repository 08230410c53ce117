import type pg from 'pg';
import { cpuMs } from '../harness/process-facts.js';
import type { ServedProcess } from '../harness/served-process.js';
import { ServerCpuMeter } from '../harness/server-cpu.js';
import type { EnqueueRun } from './enqueue-load.js';

/** What clients that run the same transaction again and again did in the time that is counted. */
export interface ClientFigures {
  readonly transactions: number;
  readonly perSecond: number;
  /** CPU time a transaction, in µs: of the server's sessions, and of the clients. Undefined: a server elsewhere. */
  readonly sessionMicros: number | undefined;
  readonly clientMicros: number;
  /** All they did, with what was not counted. */
  readonly everyTransaction: number;
}

/** Lets the program run for some seconds, after a tenth of it that is not counted, and ends it. */
export async function measureClients(
  process: ServedProcess,
  client: pg.Client,
  seconds: number,
): Promise<ClientFigures> {
  const warm = (await process.call('run', seconds / 10)) as EnqueueRun;
  const meter = await ServerCpuMeter.on(client);
  const before = { sessions: meter?.read().sessions, clients: cpuMs(process.pid).own };
  const run = (await process.call('run', seconds)) as EnqueueRun;
  const after = { sessions: meter?.read().sessions, clients: cpuMs(process.pid).own };
  await process.stop();
  const micros = (ms: number) => Math.round((ms * 10_000) / run.transactions) / 10;
  return {
    transactions: run.transactions,
    perSecond: run.transactions / run.seconds,
    sessionMicros:
      before.sessions === undefined || after.sessions === undefined
        ? undefined
        : micros(after.sessions - before.sessions),
    clientMicros: micros(after.clients - before.clients),
    everyTransaction: warm.transactions + run.transactions,
  };
}
