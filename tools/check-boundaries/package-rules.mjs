import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';

/** Why `from` may not use `to`, or undefined when it may. The one place that knows the layers. */
export function refusal(from, to) {
  if (to.layer === 'test') return 'test-support is for tests only';
  if (from.layer === 'test') return undefined;
  if (from.layer === '2' && to.layer === '2') return 'plugins never depend on each other';
  if (Number(to.layer) >= Number(from.layer)) {
    return `layer ${from.layer} may depend on lower layers only, and ${to.name} is layer ${to.layer}`;
  }
  return undefined;
}

/** What is wrong with the package.json and the tsconfig.json of a package. */
export function checkPackage(repository, project, projects) {
  const manifest = `${project.root}/package.json`;
  if (!/^([0-3]|test)$/.test(project.layer ?? '')) {
    return [`${manifest}: needs the nx tag layer:0, layer:1, layer:2, layer:3 or layer:test`];
  }
  const targets = project.dependencies.map((name) => projects.get(name)).filter((target) => target !== undefined);
  const refused = targets.flatMap((target) => {
    const reason = refusal(project, target);
    return reason ? [`${manifest}: depends on ${target.name}: ${reason}`] : [];
  });
  return [...refused, ...checkReferences(repository, project, projects)];
}

/** TypeScript's project references are the same graph, said once more for the compiler. */
function checkReferences(repository, project, projects) {
  const file = `${project.root}/tsconfig.json`;
  if (!existsSync(path.join(repository, file))) return [`${file}: is missing`];
  const { references = [] } = JSON.parse(readFileSync(path.join(repository, file), 'utf8'));
  const roots = new Map([...projects.values()].map(({ root, name }) => [root, name]));
  const referenced = references.map(({ path: target }) => roots.get(path.posix.join(project.root, target)) ?? target);
  return [
    ...referenced
      .filter((name) => !project.dependencies.includes(name))
      .map((name) => `${file}: refers to ${name}, which package.json does not depend on`),
    ...project.dependencies
      .filter((name) => !referenced.includes(name))
      .map((name) => `${file}: does not refer to ${name}, which package.json depends on`),
  ];
}
