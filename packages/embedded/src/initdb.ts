import { spawnSync } from 'node:child_process';
import { chownSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type BaseFolder, makePrivateFolder } from './base-folder.js';
import type { Binaries } from './binaries.js';
import { EmbeddedError } from './errors.js';
import { makePassword } from './password.js';
import { spawnOptions } from './run-as.js';

/** Makes the data. It appears under its name only when it is complete, so a killed start leaves nothing half done. */
export function initialise({ base, data, runAs }: BaseFolder, binaries: Binaries, ephemeral: boolean): void {
  for (const name of readdirSync(base)) {
    if (name.startsWith('data.new')) rmSync(path.join(base, name), { recursive: true, force: true });
  }
  const fresh = `${data}.new`;
  makePrivateFolder(fresh, runAs);
  const passwordFile = path.join(base, 'password.initdb');
  writeFileSync(passwordFile, makePassword(base), { mode: 0o600 });
  if (runAs) chownSync(passwordFile, runAs.uid, runAs.gid);
  try {
    const { status, error, stdout, stderr } = spawnSync(
      binaries.initdb,
      initdbArguments(fresh, passwordFile, ephemeral),
      { encoding: 'utf8', ...spawnOptions(runAs) },
    );
    if (status !== 0) {
      const output = error?.message ?? `${stdout}${stderr}`.trim().split('\n').slice(-5).join('\n');
      throw new EmbeddedError('EMBEDDED_INIT_FAILED', `PostgreSQL could not make its data in ${fresh}:\n${output}`);
    }
    rmSync(data, { recursive: true, force: true });
    renameSync(fresh, data);
  } catch (error) {
    rmSync(fresh, { recursive: true, force: true });
    throw error;
  } finally {
    rmSync(passwordFile, { force: true });
  }
}

function initdbArguments(folder: string, passwordFile: string, ephemeral: boolean): string[] {
  // C.UTF-8 sorts the same everywhere and needs no locale package; only Linux is sure to have it.
  const locale = process.platform === 'linux' ? '--locale=C.UTF-8' : '--no-locale';
  const authentication = ['-U', 'postgres', '-A', 'scram-sha-256', `--pwfile=${passwordFile}`];
  return [
    '-D',
    folder,
    locale,
    '-E',
    'UTF8',
    ...authentication,
    '--no-instructions',
    ...(ephemeral ? ['--no-sync'] : []),
  ];
}
