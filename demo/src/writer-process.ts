import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { DemoError } from './demo-error.js';

/** What the writer's process tells its parent. */
export type FromWriter =
  | { readonly kind: 'started' }
  | { readonly kind: 'stopped'; readonly token: string }
  | { readonly kind: 'failed'; readonly message: string };

export interface WriterOptions {
  readonly writers: number;
  /** Writes per second of all writers together. */
  readonly rate: number;
}

/** The parent's end of the writer. */
export class WriterProcess {
  readonly #child: ChildProcess;
  readonly #exited: Promise<unknown>;
  readonly #ended: Promise<string>;

  private constructor(child: ChildProcess) {
    this.#child = child;
    this.#exited = once(child, 'exit');
    this.#ended = this.#untilToken();
    this.#ended.catch(() => undefined);
  }

  static async start(url: string, { writers, rate }: WriterOptions): Promise<WriterProcess> {
    const child = fork(new URL('writer.js', import.meta.url), [`--writers=${writers}`, `--rate=${rate}`], {
      env: { ...process.env, PGRELAY_DEMO_URL: url },
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    const writer = new WriterProcess(child);
    await Promise.race([once(child, 'message'), writer.#ended]);
    return writer;
  }

  /** Rejects when the writer ends before it was asked to. */
  get failed(): Promise<unknown> {
    return this.#ended;
  }

  /** Ends the writing; resolves with the token of the last transaction. */
  async stop(): Promise<string> {
    if (this.#child.connected) this.#child.send('stop');
    const token = await this.#ended;
    await this.#exited;
    return token;
  }

  /** For an end without ceremony; harmless when it has ended. */
  kill(): void {
    this.#child.kill('SIGKILL');
  }

  #untilToken(): Promise<string> {
    return new Promise((resolve, reject) => {
      this.#child.on('message', (message: FromWriter) => {
        if (message.kind === 'stopped') resolve(message.token);
        if (message.kind === 'failed') reject(new DemoError(`The writer failed: ${message.message}`));
      });
      this.#child.on('exit', () => reject(new DemoError('The writer ended by itself.')));
    });
  }
}
