import { openSync, writeSync } from 'node:fs';

/**
 * The world outside the database: a file of this process to which each effect is appended at once, so that a killed process
 * leaves all that it did. Lines: `effect EVENT ATTEMPT HOW` and `child EVENT PARENT`.
 */
export class EffectsFile {
  readonly #fd: number;

  constructor(path: string) {
    this.#fd = openSync(path, 'a');
  }

  effect(event: { readonly id: string; readonly attempt: number }, how: 'leased' | 'once'): void {
    writeSync(this.#fd, `effect ${event.id} ${event.attempt} ${how}\n`);
  }

  child(id: string, parent: string): void {
    writeSync(this.#fd, `child ${id} ${parent}\n`);
  }
}
