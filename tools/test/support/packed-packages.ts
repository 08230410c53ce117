import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const repository = fileURLToPath(new URL('../../../', import.meta.url));

export interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly private?: boolean;
  readonly exports?: Readonly<Record<string, unknown>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
}

/** A package as it would be published. */
export interface Packed {
  readonly manifest: Manifest;
  readonly tarball: string;
  readonly files: readonly string[];
  /** Bytes of the tarball, and of what is in it. */
  readonly size: number;
  readonly unpackedSize: number;
}

export const readManifest = (folder: string): Manifest =>
  JSON.parse(readFileSync(path.join(repository, folder, 'package.json'), 'utf8')) as Manifest;

/** The packages that are published, each with all that it needs before it. */
export function publishable(): readonly string[] {
  const folders = readdirSync(path.join(repository, 'packages')).map((name) => `packages/${name}`);
  return folders.filter((folder) => readManifest(folder).private !== true);
}

/** Packs them all, as `npm publish` would. The tarballs are in a folder outside of the workspace, which `remove` deletes. */
export function packAll(): { readonly packed: readonly Packed[]; remove(): void } {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'pgrelay-packed-'));
  const packed = publishable().map((each): Packed => {
    const [result] = JSON.parse(
      npm(path.join(repository, each), 'pack', '--json', '--ignore-scripts', '--pack-destination', folder),
    );
    const files = (result.files as { path: string }[]).map((file) => file.path);
    const { size, unpackedSize } = result;
    return { manifest: readManifest(each), tarball: path.join(folder, result.filename), files, size, unpackedSize };
  });
  return { packed, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

/** Runs npm and returns what it printed. */
export function npm(cwd: string, ...args: string[]): string {
  return command(cwd, 'npm', args);
}

/** Runs a program of an outside project as its user would, and returns what it printed. */
export function command(cwd: string, program: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): string {
  const { status, stdout, stderr, error } = spawnSync(program, args, {
    cwd,
    encoding: 'utf8',
    env: { ...withoutNpm(), ...env },
    maxBuffer: 64 * 1024 * 1024,
  });
  if (status === 0) return stdout;
  throw new Error(`${program} ${args.join(' ')} ended with ${status}: ${error?.message ?? ''}\n${stdout}\n${stderr}`);
}

/** What npm tells the scripts it runs would make an npm in here work on the workspace. */
function withoutNpm(): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(process.env).filter(
      ([name]) =>
        !/^(npm_|INIT_CWD$|VITEST|NODE_ENV$)/i.test(name) || /^npm_config_(registry|cache|userconfig)$/i.test(name),
    ),
  );
}
