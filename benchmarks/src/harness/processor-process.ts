import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';

/** The parent's end of a Processor in a process of its own. */
export class ProcessorProcess {
  readonly #child: ChildProcess;
  readonly #exited: Promise<unknown>;

  private constructor(child: ChildProcess) {
    this.#child = child;
    this.#exited = once(child, 'exit');
  }

  static async start(url: string, leaseMs = 5_000, logLevel = 'warn'): Promise<ProcessorProcess> {
    const child = fork(new URL('processor-main.js', import.meta.url), [], {
      env: {
        ...process.env,
        PGRELAY_BENCHMARK_URL: url,
        PGRELAY_BENCHMARK_LEASE_MS: String(leaseMs),
        PGRELAY_BENCHMARK_LOG: logLevel,
      },
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    const processor = new ProcessorProcess(child);
    const started = await Promise.race([once(child, 'message').then(() => true), processor.#exited.then(() => false)]);
    if (!started) throw new Error('the Processor could not be started');
    return processor;
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** Drains and ends it. */
  async stop(): Promise<void> {
    if (this.#child.connected) this.#child.send('stop');
    await this.#exited;
  }

  /** SIGKILL: what it was doing is left as it is. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#exited;
  }
}
