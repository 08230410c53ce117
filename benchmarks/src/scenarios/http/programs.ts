import { fileURLToPath } from 'node:url';
import { ServedProcess } from '../../harness/served-process.js';

const program = (name: string) => fileURLToPath(new URL(`../../../dist/scenarios/http/${name}.js`, import.meta.url));

export const startReceiver = (): Promise<ServedProcess> =>
  ServedProcess.start(process.execPath, program('receiver-main'), {});

export const startBare = (): Promise<ServedProcess> => ServedProcess.start(process.execPath, program('bare-main'), {});

export const startProcessor = (url: string): Promise<ServedProcess> =>
  ServedProcess.start(process.execPath, program('processor-main'), { url });

/** What the receiver has got since it was asked last. */
export interface Taken {
  readonly count: number;
  /** Body and time, in µs of the monotonic clock. */
  readonly arrivals: readonly (readonly [body: string, micros: number])[];
}
