import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * Keeps the packages of this commit as the previous release, which upgrade.test.ts runs against the schema of what comes after.
 * To be run on the commit of a release, after `npm run build`: node tools/keep-previous.mjs
 * Of each package what runs: its manifest, JavaScript and SQL.
 */
const repository = fileURLToPath(new URL('..', import.meta.url));
const kept = path.join(repository, 'packages/pgrelay/test/fixtures/previous');
const packages = ['relay-sql', 'relay-core', 'auto-mv'];

const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { cwd: repository, encoding: 'utf8' }).trim();
const folder = mkdtempSync(path.join(os.tmpdir(), 'pgrelay-previous-'));
try {
  for (const name of packages) {
    const from = path.join(repository, 'packages', name);
    const [packed] = JSON.parse(
      execFileSync('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', folder], {
        cwd: from,
        encoding: 'utf8',
      }),
    );
    const to = path.join(folder, 'node_modules/@pgrelay', name);
    mkdirSync(to, { recursive: true });
    const left = ['*.map', '*.d.ts', 'package/src'].flatMap((pattern) => ['--exclude', pattern]);
    execFileSync('tar', ['xzf', path.join(folder, packed.filename), '-C', to, '--strip-components=1', ...left]);
    const manifest = path.join(to, 'package.json');
    const { version, type, exports, dependencies } = JSON.parse(readFileSync(manifest, 'utf8'));
    writeFileSync(manifest, `${JSON.stringify({ name: `@pgrelay/${name}`, version, type, exports, dependencies })}\n`);
  }
  mkdirSync(kept, { recursive: true });
  const steady = ['--sort=name', '--mtime=2026-01-01', '--owner=0', '--group=0', '--numeric-owner'];
  execFileSync('tar', ['czf', path.join(kept, 'packages.tar.gz'), ...steady, '-C', folder, 'node_modules']);
  writeFileSync(path.join(kept, 'COMMIT'), `${commit}\n`);
  console.log(`Kept ${packages.join(', ')} of ${commit}.`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
