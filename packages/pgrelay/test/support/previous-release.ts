import { execFileSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const fixtures = fileURLToPath(new URL('../fixtures/', import.meta.url));
const installed = fileURLToPath(new URL('../../../../node_modules/', import.meta.url));

/** The packages of the previous release (tools/keep-previous.mjs), unpacked where they are used without those of this commit. */
export class PreviousRelease {
  readonly #folder = mkdtempSync(path.join(os.tmpdir(), 'pgrelay-previous-'));
  readonly #modules = path.join(this.#folder, 'node_modules');

  constructor() {
    execFileSync('tar', ['xzf', path.join(fixtures, 'previous/packages.tar.gz'), '-C', this.#folder]);
    for (const dependency of this.#dependencies()) this.#link(dependency);
  }

  /** What one of its packages exports. */
  import<T>(name: string): Promise<T> {
    return import(pathToFileURL(path.join(this.#modules, name, 'dist/index.js')).href) as Promise<T>;
  }

  /** A script of the fixtures, as a copy that uses these packages. */
  script(name: string): string {
    const copy = path.join(this.#folder, path.basename(name));
    copyFileSync(path.join(fixtures, name), copy);
    return copy;
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /** What they need from others is what this commit has installed. */
  #dependencies(): readonly string[] {
    const own = readdirSync(path.join(this.#modules, '@pgrelay'));
    const names = own.flatMap((name) => {
      const manifest = JSON.parse(readFileSync(path.join(this.#modules, '@pgrelay', name, 'package.json'), 'utf8'));
      return Object.keys(manifest.dependencies ?? {});
    });
    return [...new Set(names)].filter((name) => !name.startsWith('@pgrelay/'));
  }

  #link(name: string): void {
    const to = path.join(this.#modules, name);
    const from = path.join(installed, name);
    if (!existsSync(from)) return; // types only
    mkdirSync(path.dirname(to), { recursive: true });
    symlinkSync(from, to);
  }
}

/** A script of the fixtures, with the packages of this commit. */
export const presentScript = (name: string): string => path.join(fixtures, name);
