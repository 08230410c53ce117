import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { type Armed, ENVIRONMENT, SPARES } from './victim/armed.js';

export interface FaultProcessOptions {
  readonly url: string;
  /** The file to which the process appends its effects outside the database. */
  readonly effects: string;
  readonly leaseMs: number;
  readonly workers?: number;
  readonly armed?: Armed;
  /** Whether it cannot end the backends of others. Default: false. */
  readonly spares?: boolean;
}

const path = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

/** The parent's end of a Processor that faults may strike. */
export class FaultProcess {
  readonly #child: ChildProcess;
  /** With the exit code or the signal. */
  readonly exited: Promise<number | string>;
  /** Refused writes of this process, by stage. */
  readonly refused = new Map<string, number>();
  /** The end of what it wrote to standard error. */
  complaints = '';
  #ended = false;
  #ready = false;
  #hit: string | undefined;
  #onLine = () => {};

  constructor({ url, effects, leaseMs, workers = 1, armed, spares = false }: FaultProcessOptions) {
    const child = spawn(process.execPath, ['--import', path('victim/probe.js'), path('victim/main.js')], {
      env: {
        ...process.env,
        PGRELAY_FAULTS_URL: url,
        PGRELAY_FAULTS_EFFECTS: effects,
        PGRELAY_FAULTS_LEASE_MS: String(leaseMs),
        PGRELAY_FAULTS_WORKERS: String(workers),
        [SPARES]: spares ? 'yes' : 'no',
        [ENVIRONMENT]: armed === undefined ? '' : JSON.stringify(armed),
      },
      stdio: ['pipe', 'pipe', 'pipe'], // its standard input ends with us, and so does it
    });
    this.#child = child;
    createInterface(child.stdout).on('line', (line) => this.#read(line));
    child.stderr.on('data', (chunk) => {
      this.complaints = (this.complaints + chunk).slice(-2_000);
    });
    // `close` comes after the last line was read, `exit` may come before.
    this.exited = new Promise((resolve) =>
      child.once('close', (code, signal) => {
        this.#ended = true;
        this.#onLine();
        resolve(code ?? signal ?? '');
      }),
    );
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  get alive(): boolean {
    return !this.#ended;
  }

  /** The failpoint at which the fault struck. */
  get hit(): string | undefined {
    return this.#hit;
  }

  /** @throws Error when it ends before it works */
  async ready(): Promise<void> {
    await this.#until(() => this.#ready);
    if (!this.#ready) throw new Error(`a Processor could not be started: ${this.complaints}`);
  }

  /** Resolves when the fault has struck or the process has ended, and at the latest after so many ms; whether it struck. */
  async struck(withinMs: number): Promise<boolean> {
    await Promise.race([this.#until(() => this.#hit !== undefined), after(withinMs)]);
    return this.#hit !== undefined;
  }

  /** Lets it drain and end; one that does not in this time is killed. Returns how it ended. */
  async end(withinMs: number): Promise<number | string> {
    this.signal('SIGCONT');
    this.signal('SIGTERM');
    const late = after(withinMs).then(() => {
      this.signal('SIGKILL');
      return 'never';
    });
    return Promise.race([this.exited, late]);
  }

  signal(name: NodeJS.Signals): void {
    if (!this.#ended) this.#child.kill(name);
  }

  async #until(condition: () => boolean): Promise<void> {
    while (!condition() && !this.#ended)
      await new Promise<void>((resolve) => {
        const before = this.#onLine;
        this.#onLine = () => {
          before();
          resolve();
        };
      });
  }

  #read(line: string): void {
    const [what = '', name = ''] = line.split(' ');
    if (what === 'ready') this.#ready = true;
    else if (what === 'hit') this.#hit = name;
    else if (what === 'refused') this.refused.set(name, (this.refused.get(name) ?? 0) + 1);
    const wake = this.#onLine;
    this.#onLine = () => {};
    wake();
  }
}

const after = (ms: number): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, ms).unref();
  });
