import type { Ledger } from '../../harness/ledger.js';

/** One drain of one contender. */
export interface DrainFigures {
  readonly events: number;
  readonly seconds: number;
  readonly perSecond: number;
  /** CPU time an event, in µs: its sessions, the server's own processes, its own processes. Undefined: a server elsewhere. */
  readonly sessionMicros: number | undefined;
  readonly backgroundMicros: number | undefined;
  readonly processMicros: number;
  /** Highest resident memory of each of its processes, in MiB. */
  readonly peakMiB: readonly number[];
  readonly ledger: Ledger;
}
