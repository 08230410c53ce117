import { UsageError } from '../harness/usage-error.js';
import { type Point, type Stage, stages } from './stages.js';

/** A place where a fault strikes; written `stage:point`. */
export interface Failpoint {
  readonly name: string;
  readonly stage: Stage;
  readonly point: Point;
}

export const failpoints: readonly Failpoint[] = stages.flatMap((stage) =>
  stage.points.map((point) => ({ name: `${stage.name}:${point}`, stage, point })),
);

/** @throws UsageError when there is no such failpoint */
export function failpoint(name: string): Failpoint {
  const found = failpoints.find((one) => one.name === name);
  if (found !== undefined) return found;
  throw new UsageError(`There is no failpoint ${name}. There are: ${failpoints.map((one) => one.name).join(', ')}.`);
}

/** Counts what was hit; a failpoint that was not hit often enough makes the run worth nothing. */
export class Hits {
  readonly #wanted: ReadonlyMap<string, number>;
  readonly #counted = new Map<string, number>();

  /** How often each of these is to be hit. */
  constructor(names: readonly string[], times: number) {
    this.#wanted = new Map(names.map((name) => [failpoint(name).name, times]));
  }

  count(name: string): void {
    if (!this.#wanted.has(name)) throw new Error(`failpoint ${name} was hit, and nobody had asked for it`);
    this.#counted.set(name, this.of(name) + 1);
  }

  of(name: string): number {
    return this.#counted.get(name) ?? 0;
  }

  get total(): number {
    return [...this.#counted.values()].reduce((sum, n) => sum + n, 0);
  }

  get all(): ReadonlyMap<string, number> {
    return new Map([...this.#wanted.keys()].map((name) => [name, this.of(name)]));
  }

  /** Those that were hit too seldom, in words. */
  get missing(): string[] {
    return [...this.#wanted]
      .filter(([name, times]) => this.of(name) < times)
      .map(([name, times]) => `failpoint ${name}: ${this.of(name)} hits of ${times}`);
  }
}
