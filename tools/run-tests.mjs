import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';

/**
 * Runs all tests once per lane and adds up what they said.
 *
 *   node tools/run-tests.mjs [--server=KIND] VERSION:LANE … [what vitest should get]
 *
 * VERSION is a major version of PostgreSQL, LANE is superuser or nosuperuser, KIND is embedded, testcontainers or auto.
 */
const LANE = /^(\d+):(superuser|nosuperuser)$/;
const SERVER = '--server=';

const given = process.argv.slice(2);
const lanes = given.filter((argument) => LANE.test(argument));
const server = given.find((argument) => argument.startsWith(SERVER))?.slice(SERVER.length);
const forVitest = given.filter((argument) => !LANE.test(argument) && !argument.startsWith(SERVER));
const folder = mkdtempSync(path.join(os.tmpdir(), 'pgrelay-results-'));

try {
  const results = lanes.map(runLane);
  for (const { lane, passed, failed, skipped, seconds } of results) {
    console.log(`PostgreSQL ${lane}: ${passed} passed, ${failed} failed, ${skipped} skipped in ${seconds} s`);
  }
  const sum = (key) => results.reduce((total, result) => total + result[key], 0);
  console.log(`${sum('passed')} passed, ${sum('failed')} failed`);
  process.exitCode = lanes.length > 0 && sum('failed') === 0 ? 0 : 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}

function runLane(lane) {
  const [, version, kind] = LANE.exec(lane);
  const output = path.join(folder, `${version}-${kind}.json`);
  const started = Date.now();
  const { status } = spawnSync(
    process.execPath,
    [vitest(), 'run', '--reporter=default', '--reporter=json', `--outputFile.json=${output}`, ...forVitest],
    {
      stdio: 'inherit',
      env: {
        ...process.env,
        PGRELAY_TEST_PG: version,
        PGRELAY_TEST_LANE: kind,
        ...(server && { PGRELAY_TEST_SERVER: server }),
      },
    },
  );
  const seconds = Math.round((Date.now() - started) / 1000);
  const { passed, failed, skipped } = count(output);
  // An error outside of any test, such as an unhandled rejection, shows in the exit code only.
  return { lane, passed, failed: status !== 0 && failed === 0 ? 1 : failed, skipped, seconds };
}

function vitest() {
  const manifest = createRequire(import.meta.url).resolve('vitest/package.json');
  return path.join(path.dirname(manifest), JSON.parse(readFileSync(manifest, 'utf8')).bin.vitest);
}

/** A file that fails although none of its tests did (a hook failed, or it could not be loaded) counts as one. */
function count(output) {
  if (!existsSync(output)) return { passed: 0, failed: 1, skipped: 0 };
  const { numPassedTests, numFailedTests, numPendingTests, testResults } = JSON.parse(readFileSync(output, 'utf8'));
  const failedFiles = testResults.filter(
    ({ status, assertionResults }) => status === 'failed' && !assertionResults.some((test) => test.status === 'failed'),
  );
  return { passed: numPassedTests, failed: numFailedTests + failedFiles.length, skipped: numPendingTests };
}
