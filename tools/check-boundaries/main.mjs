import { readFileSync } from 'node:fs';
import path from 'node:path';
import { checkPackage } from './package-rules.mjs';
import { readProjects } from './projects.mjs';
import { checkSource } from './source-rules.mjs';
import { readSources } from './sources.mjs';

/**
 * Dependencies point down only. Says every breach with its file and its rule, and fails if there is one.
 * Takes the repository's folder; the default is the current one.
 */
const repository = path.resolve(process.argv[2] ?? '.');
const projects = readProjects(repository);
const root = JSON.parse(readFileSync(path.join(repository, 'package.json'), 'utf8'));
let files = 0;
const findings = [...projects.values()].flatMap((project) => {
  const sources = readSources(repository, project);
  files += sources.length;
  return [
    ...checkPackage(repository, project, projects),
    ...sources.flatMap((source) => checkSource(source, project, { projects, root })),
  ];
});
for (const finding of findings) console.error(finding);
console.log(`Boundaries: ${projects.size} packages, ${files} files, ${findings.length} breaches.`);
process.exitCode = findings.length === 0 ? 0 : 1;
