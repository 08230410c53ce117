/**
 * When events started in this process, in µs by the monotonic clock that all processes of the machine share. Kept until asked
 * for, so that telling the harness costs nothing while it measures.
 */
export class Starts {
  readonly #starts: [n: number, micros: number][] = [];

  note(n: number): void {
    this.#starts.push([n, monotonicMicros()]);
  }

  taken(): readonly (readonly [n: number, micros: number])[] {
    return this.#starts.splice(0);
  }
}

/** CLOCK_MONOTONIC, which no process has for itself. */
export const monotonicMicros = (): number => Number(process.hrtime.bigint()) / 1_000;
