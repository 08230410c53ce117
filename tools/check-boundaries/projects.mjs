import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';

/**
 * The packages of the repository and what each depends on, as nx sees them. nx reads package.json only: its own
 * analysis of sources needs the JavaScript API that TypeScript 7 no longer has, so `imports.mjs` does that part.
 *
 * @typedef {object} Project
 * @property {string} name
 * @property {string} root folder, relative to the repository
 * @property {string | undefined} layer what the tag `layer:…` says: a number, or `test`
 * @property {string[]} dependencies names of the packages of this repository it depends on
 * @property {Record<string, any>} manifest its package.json
 *
 * @param {string} repository
 * @returns {Map<string, Project>} by name
 */
export function readProjects(repository) {
  const { nodes, dependencies } = askNx(repository);
  return new Map(
    Object.values(nodes).map(({ name, data }) => [
      name,
      {
        name,
        root: data.root,
        layer: data.tags.find((tag) => tag.startsWith('layer:'))?.slice('layer:'.length),
        dependencies: dependencies[name].map(({ target }) => target),
        manifest: JSON.parse(readFileSync(path.join(repository, data.root, 'package.json'), 'utf8')),
      },
    ]),
  );
}

function askNx(repository) {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'pgrelay-graph-'));
  const file = path.join(folder, 'graph.json');
  const nx = createRequire(path.join(repository, 'package.json')).resolve('nx/bin/nx.js');
  try {
    execFileSync(process.execPath, [nx, 'graph', `--file=${file}`], {
      cwd: repository,
      env: { ...process.env, NX_DAEMON: 'false', NX_CACHE_PROJECT_GRAPH: 'false', NX_WORKSPACE_DATA_DIRECTORY: folder },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    return JSON.parse(readFileSync(file, 'utf8')).graph;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
