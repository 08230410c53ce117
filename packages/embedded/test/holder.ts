import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

export interface Told {
  readonly url?: string;
  readonly directory?: string;
  readonly version?: string;
  readonly code?: string;
  readonly message?: string;
  /** What `onMessage` was called with. */
  readonly texts: readonly string[];
}

export interface Holder {
  readonly process: ChildProcess;
  readonly told: Told;
  /** Lets it stop its server and end. */
  release(): Promise<void>;
}

const fixture = fileURLToPath(new URL('fixtures/holder.mjs', import.meta.url));

/** Another process that starts a server, perhaps as another user, and holds it. */
export async function hold(options: object, user?: { uid: number; gid: number }): Promise<Holder> {
  const child = spawn(process.execPath, [fixture, JSON.stringify(options)], {
    stdio: ['pipe', 'pipe', 'inherit'],
    cwd: '/',
    ...user,
  });
  const exited = once(child, 'exit');
  const texts: string[] = [];
  for await (const line of createInterface(child.stdout)) {
    const message = JSON.parse(line) as { text?: string };
    if (message.text === undefined) {
      return {
        process: child,
        told: { ...message, texts },
        release: async () => {
          child.stdin.end();
          await exited;
        },
      };
    }
    texts.push(message.text);
  }
  throw new Error('The process ended without a word.');
}

export async function endOf(child: ChildProcess): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
}
