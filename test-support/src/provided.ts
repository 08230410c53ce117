import type { Lane } from './lane.js';
import type { Templates } from './templates.js';

/** What the set-up of a run tells the test files. */
export interface Provided {
  /** The login that everything goes through, on the server's own database. */
  readonly url: string;
  readonly lane: Lane;
  readonly run: string;
  readonly templates: Templates;
}

declare module 'vitest' {
  interface ProvidedContext {
    pgrelay: Provided;
  }
}
