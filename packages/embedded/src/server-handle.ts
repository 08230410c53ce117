import { rmSync } from 'node:fs';
import type { BaseFolder } from './base-folder.js';
import type { EmbeddedServer } from './options.js';
import { killPostmaster, type Postmaster, stopPostmaster } from './postmaster.js';
import { superuserUrl } from './ready.js';

interface Running {
  readonly folder: BaseFolder;
  readonly postmaster: Postmaster;
  readonly password: string;
  readonly version: string;
  readonly ephemeral: boolean;
  readonly release: () => void;
}

/** What the caller of `startEmbedded` holds. */
export function handle({ folder, postmaster, password, version, ephemeral, release }: Running): EmbeddedServer {
  const { pid, port } = postmaster;
  // A process that just ends takes its server with it; only a killed one leaves it behind.
  const atExit = () => {
    try {
      process.kill(pid, 'SIGINT');
    } catch {
      // It has gone already.
    }
    release();
  };
  process.once('exit', atExit);
  let ended: Promise<void> | undefined;
  const end = async (how: (pid: number) => Promise<void>, remove: boolean) => {
    process.off('exit', atExit);
    try {
      await how(pid);
      if (remove) rmSync(folder.base, { recursive: true, force: true, maxRetries: 5 });
    } finally {
      release();
    }
  };
  return {
    url: superuserUrl(port, password),
    port,
    directory: folder.data,
    version,
    stop: () => (ended ??= end(stopPostmaster, ephemeral)),
    kill: () => (ended ??= end(killPostmaster, false)),
  };
}
