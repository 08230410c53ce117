import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { connect } from '../harness/connect.js';
import { FaultProcess, type FaultProcessOptions } from './fault-process.js';
import { Ledger } from './ledger.js';
import { Load } from './load.js';
import { random } from './random.js';
import type { Result } from './result.js';
import type { Armed } from './victim/armed.js';
import { waitUntil } from './wait-until.js';

export interface SceneOptions {
  /** A migrated database of the campaign's own. */
  readonly url: string;
  /** Everything that is left to chance follows from it. */
  readonly seed: number;
  /** Progress, one line at a time. */
  readonly say: (text: string) => void;
  /** Whether no Processor can end the backends of another. Default: false. */
  readonly spares?: boolean;
}

/** Short, so that what a killed Processor held is soon free. */
export const LEASE_MS = 1_000;

/** A claim whose reply was lost hangs on a living Processor for two minutes at most. */
const DRAIN_MS = 240_000;

/** A Processor that is told to drain when nothing waits has no reason to take longer. */
export const END_MS = 60_000;

/** A database under load, the Processors that work on it, and the ledger that judges them in the end. */
export class Scene {
  readonly url: string;
  readonly say: (text: string) => void;
  /** Numbers that follow from the seed. */
  readonly next: () => number;
  readonly #folder = mkdtempSync(path.join(os.tmpdir(), 'pgrelay-faults-'));
  readonly #processes: FaultProcess[] = [];
  readonly #load: Load;
  readonly #spares: boolean;
  #files = 0;

  private constructor({ url, seed, say, spares = false }: SceneOptions) {
    this.#spares = spares;
    this.url = url;
    this.say = say;
    this.next = random(seed);
    this.#load = new Load(url, random(seed + 1));
  }

  /** Sets the ledger and the channels up, and starts the load. */
  static async open(options: SceneOptions): Promise<Scene> {
    const scene = new Scene(options);
    await scene.withLedger((ledger) => ledger.setUp());
    scene.#load.start();
    return scene;
  }

  /** A Processor, perhaps one that a fault will strike. */
  spawn(options: Pick<FaultProcessOptions, 'workers'> & { readonly armed?: Armed } = {}): FaultProcess {
    this.#files += 1;
    const effects = path.join(this.#folder, `${this.#files}.effects`);
    const process = new FaultProcess({ url: this.url, leaseMs: LEASE_MS, effects, spares: this.#spares, ...options });
    this.#processes.push(process);
    return process;
  }

  /** Processors that nothing is armed to strike. */
  async steady(count: number, workers: number): Promise<FaultProcess[]> {
    const all = Array.from({ length: count }, () => this.spawn({ workers }));
    await Promise.all(all.map((process) => process.ready()));
    return all;
  }

  /** Ends the load, waits until no event waits, drains the Processors, and compares. */
  async finish(): Promise<Result> {
    await this.#load.stop();
    const faults: string[] = [];
    if (!(await waitUntil(() => this.withLedger(async (ledger) => (await ledger.left()) === ''), DRAIN_MS, 200)))
      faults.push(`still not done: ${await this.withLedger((ledger) => ledger.left())}`);
    for (const process of this.#processes.filter(({ alive }) => alive)) {
      const end = await process.end(END_MS);
      if (end !== 0) faults.push(`a Processor ended with ${end}: ${process.complaints}`);
    }
    return this.withLedger(async (ledger) => {
      await ledger.import(this.#folder);
      return { counts: await ledger.counts(), violations: await ledger.check(), refused: this.#refused(), faults };
    });
  }

  /** Ends everything, whatever happened. */
  async close(): Promise<void> {
    for (const process of this.#processes) process.signal('SIGKILL');
    await Promise.all(this.#processes.map((process) => process.exited));
    await this.#load.stop().catch(() => undefined);
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /** On a connection of its own, since the server may have been away. */
  async withLedger<T>(work: (ledger: Ledger) => Promise<T>): Promise<T> {
    const client = await connect(this.url, 'faults ledger');
    try {
      return await work(new Ledger(client));
    } finally {
      await client.end();
    }
  }

  #refused(): ReadonlyMap<string, number> {
    const all = new Map<string, number>();
    for (const { refused } of this.#processes)
      for (const [stage, n] of refused) all.set(stage, (all.get(stage) ?? 0) + n);
    return all;
  }
}
