import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { UsageError } from './usage-error.js';

/** What every contender of a run runs on. */
export interface Peers {
  /** The Node program of all contenders, ours too. */
  readonly node: string;
  /** Its version, and those of the peers. */
  readonly versions: Readonly<Record<string, string>>;
}

const folder = new URL('../../peers/', import.meta.url);

/** The program of a peer, in benchmarks/peers. */
export const peerProgram = (file: string): string => fileURLToPath(new URL(file, folder));

/**
 * The peers and their Node, installed into benchmarks/peers when they are missing or its lockfile is newer. Node comes as a
 * package that carries the program, so no install script runs.
 * @throws UsageError on a platform without such a package, or when npm fails
 */
export function installPeers(say: (text: string) => void): Peers {
  const node = peerProgram(`node_modules/node-linux-${process.arch}/bin/node`);
  if (process.platform !== 'linux' || !['x64', 'arm64'].includes(process.arch)) {
    throw new UsageError('These scenarios read /proc and run on Linux, x64 or arm64, only.');
  }
  if (isStale()) {
    say('Installing what the benchmarks are measured beside (benchmarks/peers) …');
    const { status, error } = spawnSync(
      'npm',
      ['ci', '--workspaces=false', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'],
      { cwd: folder, stdio: ['ignore', 'ignore', 'inherit'] },
    );
    if (status !== 0) throw new UsageError(`npm ci in benchmarks/peers failed: ${error?.message ?? `code ${status}`}.`);
  }
  const peers = ['graphile-worker', 'pg-boss', 'pg'].map((name) => [name, versionOf(name)]);
  const version = execFileSync(node, ['--version'], { encoding: 'utf8' }).trim();
  return { node, versions: { node: version, ...Object.fromEntries(peers) } };
}

/** npm writes its own copy of the lockfile last. */
function isStale(): boolean {
  const installed = new URL('node_modules/.package-lock.json', folder);
  return !existsSync(installed) || statSync(installed).mtimeMs < statSync(new URL('package-lock.json', folder)).mtimeMs;
}

function versionOf(name: string): string {
  return JSON.parse(readFileSync(new URL(`node_modules/${name}/package.json`, folder), 'utf8')).version;
}
