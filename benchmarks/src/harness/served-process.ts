import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import type { ContenderProcess } from './contender-process.js';

interface Answer {
  readonly id: number;
  readonly value?: unknown;
  readonly error?: string;
}

/** The harness's end of a program that calls serve(). */
export class ServedProcess implements ContenderProcess {
  readonly #child: ChildProcess;
  readonly #exited: Promise<unknown>;
  readonly #waiting = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>();
  #calls = 0;

  private constructor(child: ChildProcess) {
    this.#child = child;
    this.#exited = once(child, 'exit').then(() => this.#failAll());
    child.on('message', (message: Answer) => this.#settle(message));
  }

  /** Starts `program` on the Node at `node` and waits until it is ready. `settings` is its one argument, as JSON. */
  static async start(
    node: string,
    program: string,
    settings: unknown,
    env: Readonly<Record<string, string>> = {},
  ): Promise<ServedProcess> {
    const child = fork(program, [JSON.stringify(settings)], {
      execPath: node,
      execArgv: [],
      env: { ...process.env, ...env },
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    const ready = once(child, 'message').then(() => true);
    const served = new ServedProcess(child);
    if (!(await Promise.race([ready, served.#exited.then(() => false)]))) {
      throw new Error(`${program} could not be started`);
    }
    return served;
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  check(): void {
    if (!this.#child.connected) throw new Error('the contender has ended');
  }

  /** Calls a method of the program. Rejects with its error, or when it ends before it answered. */
  call(method: string, argument?: unknown): Promise<unknown> {
    this.#calls += 1;
    const id = this.#calls;
    return new Promise((resolve, reject) => {
      if (!this.#child.connected) return reject(new Error(`${method}: the contender has ended`));
      this.#waiting.set(id, { resolve, reject });
      this.#child.send({ id, method, argument });
    });
  }

  async stop(): Promise<void> {
    if (this.#child.connected) await this.call('stop');
    await this.#exited;
  }

  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#exited;
  }

  #settle({ id, value, error }: Answer): void {
    const call = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (error === undefined) call?.resolve(value);
    else call?.reject(new Error(error));
  }

  #failAll(): void {
    for (const { reject } of this.#waiting.values()) reject(new Error('the contender ended before it answered'));
    this.#waiting.clear();
  }
}
