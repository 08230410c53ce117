import { type ChildProcess, spawn } from 'node:child_process';
import { until } from '@pgrelay/test-support';
import { afterEach } from 'vitest';

const running = new Set<ChildProcess>();

/** No test leaves a process behind. */
afterEach(() => {
  for (const child of running) child.kill('SIGKILL');
});

/** A script of the fixtures in a process of its own. */
export class ScriptProcess {
  stdout = '';
  stderr = '';
  readonly ended: Promise<number | string>;
  readonly #child: ChildProcess;

  constructor(script: string, databaseUrl: string) {
    const env = { ...process.env, DATABASE_URL: databaseUrl };
    const child = spawn(process.execPath, [script], { env, stdio: ['ignore', 'pipe', 'pipe'] });
    running.add(child);
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      this.stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.stderr += text;
    });
    this.ended = new Promise((resolve) =>
      child.once('close', (code, signal) => {
        running.delete(child);
        resolve(code ?? signal ?? '');
      }),
    );
    this.#child = child;
  }

  async printed(text: string): Promise<void> {
    await until(async () => this.stdout.includes(text), `the process prints "${text}": ${this.stderr.slice(-500)}`);
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }
}
