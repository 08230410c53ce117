import fc from 'fast-check';
import { expect } from 'vitest';
import { type Fence, Refused, type Sent } from './model-types.js';
import type { CHANNELS, RealRelay } from './real-relay.js';
import type { RelayModel } from './relay-model.js';
import { viewOf } from './view-of-model.js';

type Act = (model: RelayModel, real: RealRelay) => Promise<void>;

/** One step of a run, in the model and in the database; afterwards both must tell the same. */
export class Step implements fc.AsyncCommand<RelayModel, RealRelay> {
  constructor(
    readonly text: string,
    readonly possible: (model: Readonly<RelayModel>) => boolean,
    readonly act: Act,
  ) {}
  check(model: Readonly<RelayModel>): boolean {
    return this.possible(model);
  }
  async run(model: RelayModel, real: RealRelay): Promise<void> {
    await this.act(model, real);
    expect(await real.look()).toEqual({ ...viewOf(model), breaches: [] });
  }
  toString(): string {
    return this.text;
  }
}

export const always = () => true;
export const someProcessor = (model: Readonly<RelayModel>) => model.processors.length > 0;
export const pick = <T>(all: readonly T[], n: number): T => all[n % all.length] as T;

/** The database must refuse what the model refuses, with the same code, and give what the model gives. */
export async function alike<T>(inModel: () => T, inDatabase: () => Promise<unknown>): Promise<T | undefined> {
  let expected: T | undefined;
  let refused: string | undefined;
  try {
    expected = inModel();
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    refused = error.code;
  }
  if (refused !== undefined) {
    await expect(inDatabase(), `refused with ${refused}`).rejects.toMatchObject({ code: refused });
    return undefined;
  }
  expect(await inDatabase()).toEqual(expected);
  return expected;
}

/** Mostly one of those that work; a stale one now and then. */
export function processor(model: Readonly<RelayModel>, n: number): Fence {
  const alive = model.processors.filter((fence) => model.alive(fence));
  return pick(n % 6 === 0 || alive.length === 0 ? model.processors : alive, n);
}

export const channel = fc.constantFrom<(typeof CHANNELS)[number]>('h1', 'h1', 'h1', 'h2', 'sql', 'sql');
export const handled = fc.constantFrom('h1', 'h1', 'h1', 'h2');
export const nth = fc.nat(30);
export const limit = fc.integer({ min: 1, max: 6 });
const delay = fc.option(fc.constantFrom(-1_000, 0, 1_500, 4_000, 90_000), { freq: 1 });
/** One time in ten the transaction is lost before its commit. */
export const isCut = fc.nat(9).map((n) => n === 0);
export const sent: fc.Arbitrary<Sent> = fc.record({
  payload: fc.option(fc.constantFrom('ok', 'bad', 'clash')),
  delayMs: delay,
  priority: fc.constantFrom(0, 0, 0, 7, -2),
  key: fc.option(fc.constantFrom('k1', 'k2', 'k3', 'k4'), { freq: 1 }),
});
