import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { startEmbedded } from '@pgrelay/embedded';
import { binariesOf, serverFolder } from './embedded-server.js';
import { SERVER_SETTINGS } from './server-settings.js';

/** A server of a test's own, with files of extensions in it. */
export interface ExtensionServer {
  /** As its superuser. */
  readonly url: string;
  readonly major: number;
  stop(): Promise<void>;
}

/**
 * Starts an embedded server, in the version of this run, whose CREATE EXTENSION finds the files. From 18 on they lie in a folder of
 * `extension_control_path`; before that the server's programs are copied, since nobody may write where npm has put them.
 */
export async function extensionServer(files: ReadonlyMap<string, string> = new Map()): Promise<ExtensionServer> {
  const major = process.env['PGRELAY_TEST_PG'] ?? '18';
  const directory = await serverFolder(major);
  let binaries = binariesOf(major);
  let settings: Readonly<Record<string, string>> = SERVER_SETTINGS;
  let share = path.join(directory, 'share');
  if (files.size > 0 && Number(major) >= 18) {
    settings = { ...settings, extension_control_path: `${share}:$system` };
  } else if (files.size > 0) {
    const native = path.join(directory, 'native');
    cpSync(path.dirname(binaries), native, { recursive: true, verbatimSymlinks: true });
    binaries = path.join(native, 'bin');
    share = path.join(native, 'share', 'postgresql');
  }
  mkdirSync(path.join(share, 'extension'), { recursive: true });
  for (const [name, text] of files) writeFileSync(path.join(share, 'extension', name), text);
  if (process.platform !== 'win32') spawnSync('chmod', ['-R', 'a+rX', directory]);
  const server = await startEmbedded({ directory, binaries, postgresArgs: settings, ephemeral: true });
  return { url: server.url, major: Number(major), stop: () => server.stop() };
}
