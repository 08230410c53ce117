import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { command, npm, type Packed } from './packed-packages.js';

/** An empty project of somebody else's, outside of the workspace. */
export class OutsideProject {
  readonly folder = mkdtempSync(path.join(os.tmpdir(), 'pgrelay-outside-'));

  constructor(manifest: object = {}) {
    this.write('package.json', JSON.stringify({ name: 'outside', private: true, type: 'module', ...manifest }));
  }

  /** Installs our packages from their tarballs, all at once so that they find each other, and others by name, as `nodemailer`. */
  install(packed: readonly Packed[], ...others: string[]): void {
    const ours = packed.map(({ tarball }) => tarball);
    npm(this.folder, 'install', '--prefer-offline', '--no-audit', '--no-fund', '--ignore-scripts', ...ours, ...others);
  }

  write(file: string, text: string): void {
    writeFileSync(path.join(this.folder, file), text);
  }

  read(file: string): string {
    return readFileSync(path.join(this.folder, file), 'utf8');
  }

  /** Compiles as a strict user does, who checks the types of libraries, too. */
  compile(files: readonly string[], options: readonly string[] = []): void {
    const strict = [
      '--strict',
      '--exactOptionalPropertyTypes',
      '--noUncheckedIndexedAccess',
      '--skipLibCheck',
      'false',
    ];
    const target = ['--target', 'es2023', '--module', 'nodenext', '--types', 'node', '--outDir', 'out'];
    this.run('node', ['node_modules/typescript/bin/tsc', ...target, ...strict, ...options, ...files]);
  }

  run(program: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): string {
    return command(this.folder, program, args, env);
  }

  /** Every package that is installed, by its place in node_modules. */
  installed(): readonly string[] {
    const lock = JSON.parse(this.read('package-lock.json')) as { packages: Record<string, unknown> };
    return Object.keys(lock.packages).filter((place) => place !== '');
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
