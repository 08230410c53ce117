import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { until } from '@pgrelay/test-support';
import { afterEach } from 'vitest';

const bin = fileURLToPath(new URL('../../bin/pgrelay.js', import.meta.url));
const running = new Set<ChildProcess>();

/** No test leaves a process behind. */
afterEach(() => {
  for (const child of running) child.kill('SIGKILL');
});

export interface BinaryOptions {
  /** Undefined: the embedded PostgreSQL. */
  readonly databaseUrl?: string;
  readonly cwd?: string;
  readonly uid?: number;
  readonly gid?: number;
  /** What Node itself is told: NODE_OPTIONS. */
  readonly nodeOptions?: string;
}

/** The real binary in a process of its own. */
export class Binary {
  stdout = '';
  stderr = '';
  readonly #child: ChildProcess;
  readonly ended: Promise<number | string>;

  constructor(args: readonly string[], { databaseUrl, nodeOptions = '', ...options }: BinaryOptions = {}) {
    const env = { ...process.env, DATABASE_URL: databaseUrl ?? '', NODE_OPTIONS: nodeOptions };
    const child = spawn(process.execPath, [bin, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'], ...options });
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

  async logged(text: string): Promise<void> {
    let code: number | string | undefined;
    void this.ended.then((ended) => {
      code = ended;
    });
    await until(async () => {
      if (this.stdout.includes(text)) return true;
      if (code !== undefined) throw new Error(`pgrelay ended with ${code} and did not log "${text}": ${this.stderr}`);
      return false;
    }, `pgrelay logs "${text}"`);
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }
}

/** Runs a command to its end. */
export async function run(args: readonly string[], options?: BinaryOptions) {
  const binary = new Binary(args, options);
  const code = await binary.ended;
  return { code, stdout: binary.stdout, stderr: binary.stderr };
}
