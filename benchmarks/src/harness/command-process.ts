import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { ContenderProcess } from './contender-process.js';

/** How much of what a command says on standard error is kept, in characters. */
const KEPT = 4_000;

/** A command as users run it, which knows nothing of the harness. */
export class CommandProcess implements ContenderProcess {
  readonly #child: ChildProcess;
  readonly #exited: Promise<unknown>;
  #said = '';

  /** Starts `program` on the Node at `node`. */
  constructor(node: string, program: string, args: readonly string[], env: Readonly<Record<string, string>>) {
    this.#child = spawn(node, [program, ...args], {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    // It does not know the harness, so it would outlive it.
    const kill = () => this.#child.kill('SIGKILL');
    process.once('exit', kill);
    this.#exited = once(this.#child, 'exit').then(() => process.off('exit', kill));
    this.#child.stderr?.on('data', (text: Buffer) => {
      this.#said = (this.#said + text).slice(-KEPT);
    });
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** Throws, with what it said, when it has ended already. */
  check(): void {
    if (this.#child.exitCode === null && this.#child.signalCode === null) return;
    throw new Error(
      `the contender ended with ${this.#child.signalCode ?? `code ${this.#child.exitCode}`}:\n${this.#said}`,
    );
  }

  async stop(): Promise<void> {
    this.#child.kill('SIGTERM');
    await this.#exited;
  }

  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#exited;
  }
}
