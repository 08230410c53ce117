/** What strikes: SIGKILL of the process; SIGSTOP, once; or the connection is cut while the reply is on its way. */
export type Fault = 'kill' | 'stop' | 'cut';

/** What a process is told in its environment. */
export interface Armed {
  /** A failpoint, `stage:point`. */
  readonly name: string;
  readonly fault: Fault;
  /** So many pass unharmed. */
  readonly skip: number;
  /** For `sent`: how long the server gets before the fault, in ms. */
  readonly delayMs: number;
}

export const ENVIRONMENT = 'PGRELAY_FAULT';

/** Set when the process may not end the backends of others, as where its login is another one: then only fences protect. */
export const SPARES = 'PGRELAY_FAULTS_SPARES';
