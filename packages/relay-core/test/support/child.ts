import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { until } from '@pgrelay/test-support';
import { afterEach } from 'vitest';

const children: ChildProcess[] = [];

/** No test leaves a process behind. */
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

/** A Processor in a process of its own. */
export class ChildProcessor {
  readonly #child: ChildProcess;
  readonly exited: Promise<number | string>;
  out = '';
  log = '';

  constructor(databaseUrl: string, { fixture = 'processor', nodeArgs = [] as string[], env = {} } = {}) {
    const script = fileURLToPath(new URL(`../fixtures/${fixture}.mjs`, import.meta.url));
    const child = spawn(process.execPath, [...nodeArgs, script], {
      env: { ...process.env, ...env, DATABASE_URL: databaseUrl },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    children.push(child);
    child.stdout.on('data', (chunk) => {
      this.out += chunk;
    });
    child.stderr.on('data', (chunk) => {
      this.log += chunk;
    });
    this.exited = new Promise((resolve) => child.once('exit', (code, signal) => resolve(code ?? signal ?? '')));
    this.#child = child;
  }

  async printed(text: string): Promise<void> {
    await until(async () => this.out.includes(text), `the child prints "${text}"; it logged: ${this.log.slice(-500)}`);
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }
}
