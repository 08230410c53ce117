import { isBuiltin } from 'node:module';
import path from 'node:path';
import { refusal } from './package-rules.mjs';

const DI = 'packages/relay-core/src/di/';

/** Where the DI container's library may be named: where the container is made, and where its decorators are re-exported. */
const MAY_IMPORT_TSYRINGE = [DI, 'packages/relay-core/src/index.ts', 'packages/relay-core/test/'];

/** Where the container may be asked for something. Anywhere else would be a service locator. */
const MAY_RESOLVE = [`${DI}processor-scope.ts`, `${DI}event-scope.ts`];
const OTHER_RESOLVES = new Set(['Promise', 'path', 'path.posix', 'import.meta', 'require']);

/** What is wrong with the imports of one source file. */
export function checkSource(source, project, context) {
  const { file, imports, resolves, broken } = source;
  const findings = imports.flatMap((specifier) => {
    const reason = checkImport(specifier, source, project, context);
    return reason ? [`${file}: imports '${specifier}': ${reason}`] : [];
  });
  if (broken) findings.push(`${file}: cannot be parsed`);
  if (file.startsWith('packages/relay-core/src/') && !MAY_RESOLVE.includes(file)) {
    for (const receiver of resolves.filter((text) => !OTHER_RESOLVES.has(text))) {
      findings.push(`${file}: calls ${receiver}.resolve(): only ${MAY_RESOLVE.join(' and ')} ask the container`);
    }
  }
  return findings;
}

function checkImport(specifier, source, project, context) {
  if (specifier.startsWith('.')) {
    const target = path.posix.join(path.posix.dirname(source.file), specifier);
    return target.startsWith(`${project.root}/`)
      ? undefined
      : `a relative import stays in its package; use the other package's name`;
  }
  if (isBuiltin(specifier)) return undefined;
  const name = specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/');
  const target = context.projects.get(name);
  if (target) return checkOwnPackage(specifier, target, source, project);
  if (name === 'tsyringe' && !MAY_IMPORT_TSYRINGE.some((place) => source.file.startsWith(place))) {
    return `only ${DI}** knows the DI library; import token, inject and handler from @pgrelay/relay-core`;
  }
  return isDeclared(name, source, project, context)
    ? undefined
    : `${project.root}/package.json does not declare ${name}`;
}

/** An import of a package of this repository. */
function checkOwnPackage(specifier, target, { isTest }, project) {
  const entry = `.${specifier.slice(target.name.length)}`;
  if (!(entry in (target.manifest.exports ?? {}))) {
    return `${target.name} exports ${Object.keys(target.manifest.exports ?? {}).join(', ')} only, and no deeper file`;
  }
  if (target === project) return isTest ? undefined : 'a package imports its own files by relative path';
  if (isTest && target.layer === 'test') return undefined;
  const reason = refusal(project, target);
  if (reason) return reason;
  return isTest || project.dependencies.includes(target.name)
    ? undefined
    : `${project.root}/package.json does not declare ${target.name}`;
}

/** Tests, which nobody installs, may use what any package of the repository declares; shipped sources what theirs does. */
function isDeclared(name, { isTest }, { manifest }, { root, projects }) {
  const manifests = isTest ? [root, ...[...projects.values()].map((project) => project.manifest)] : [manifest];
  return manifests.some(
    ({ dependencies, peerDependencies, optionalDependencies, devDependencies }) =>
      name in { ...dependencies, ...peerDependencies, ...optionalDependencies, ...(isTest && devDependencies) },
  );
}
