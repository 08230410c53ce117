import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { repository } from './packed-packages.js';

const packages = ['relay-sql', 'relay-core'];
const git = (...args: string[]): string | undefined => {
  const { status, stdout } = spawnSync('git', args, { cwd: repository, encoding: 'utf8' });
  return status === 0 ? stdout.trim() : undefined;
};

/**
 * The commit that an upgrade starts from: PGRELAY_UPGRADE_FROM, else the last release, else the commit before the last one that changed
 * what Processors and the database have in common. Undefined where there is no history: in a shallow clone, and in a copy without git.
 */
export function previousCommit(): string | undefined {
  const asked = process.env['PGRELAY_UPGRADE_FROM'];
  if (asked !== undefined && asked !== '') return git('rev-parse', '--verify', `${asked}^{commit}`);
  const release = git('describe', '--tags', '--abbrev=0', '--match', 'v*', 'HEAD^');
  if (release !== undefined) return git('rev-parse', `${release}^{commit}`);
  const changed = git('log', '-1', '--format=%H', '--', 'packages/relay-sql/sql', 'packages/relay-core/src');
  return changed === undefined || changed === '' ? undefined : git('rev-parse', '--verify', '--quiet', `${changed}^`);
}

/** The packages of an earlier commit, built in a folder of their own; everything else they need is that of this checkout. */
export class PreviousRelease {
  readonly folder: string;

  constructor(commit: string) {
    // Inside of the repository, where the compiler finds the types that it is told of.
    mkdirSync(path.join(repository, 'tools', 'dist'), { recursive: true });
    this.folder = mkdtempSync(path.join(repository, 'tools', 'dist', 'previous-'));
    const files = ['tsconfig.base.json', 'package.json', ...packages.map((name) => `packages/${name}`)];
    const archive = execFileSync('git', ['archive', '--format=tar', commit, ...files], {
      cwd: repository,
      maxBuffer: 1e9,
    });
    execFileSync('tar', ['-x', '-C', this.folder], { input: archive });
    this.#linkModules();
    const tsc = path.join(
      path.dirname(createRequire(import.meta.url).resolve('typescript/package.json')),
      'bin',
      'tsc',
    );
    execFileSync(process.execPath, [tsc, '-b', path.join(this.folder, 'packages/relay-core')], { stdio: 'pipe' });
  }

  /** Puts a script where it imports these packages. */
  place(file: string): string {
    const placed = path.join(this.folder, path.basename(file));
    cpSync(file, placed);
    return placed;
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  #linkModules(): void {
    const modules = path.join(this.folder, 'node_modules');
    mkdirSync(path.join(modules, '@pgrelay'), { recursive: true });
    for (const name of readdirSync(path.join(repository, 'node_modules')))
      if (name !== '@pgrelay' && name !== 'pgrelay' && !name.startsWith('.'))
        symlinkSync(path.join(repository, 'node_modules', name), path.join(modules, name));
    for (const name of packages)
      symlinkSync(path.join(this.folder, 'packages', name), path.join(modules, '@pgrelay', name));
  }
}
