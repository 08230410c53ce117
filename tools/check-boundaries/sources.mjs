import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { parseSync, Visitor } from 'rolldown/utils';

const SOURCE = /\.[mc]?[jt]sx?$/;
const SKIPPED = new Set(['dist', 'node_modules', 'coverage']);

/**
 * What one source file imports, and whose `resolve` it calls.
 *
 * @typedef {object} Source
 * @property {string} file relative to the repository, with slashes
 * @property {boolean} isTest
 * @property {string[]} imports
 * @property {string[]} resolves the texts before `.resolve(`
 * @property {boolean} broken whether it could not be parsed
 *
 * @param {string} repository
 * @param {import('./projects.mjs').Project} project
 * @returns {Source[]}
 */
export function readSources(repository, { root, layer }) {
  return listFiles(path.join(repository, root)).map((file) => {
    const inProject = path.relative(path.join(repository, root), file).split(path.sep);
    return {
      file: [root, ...inProject].join('/'),
      isTest: layer === 'test' || inProject[0] === 'test' || /\.test\.[mc]?[jt]sx?$/.test(file),
      ...analyse(file, readFileSync(file, 'utf8')),
    };
  });
}

function listFiles(folder) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const child = path.join(folder, entry.name);
    if (entry.isDirectory()) return SKIPPED.has(entry.name) || isPackage(child) ? [] : listFiles(child);
    return SOURCE.test(entry.name) ? [child] : [];
  });
}

/** A package of its own, which is not of this repository's workspaces, declares what it imports itself. */
const isPackage = (folder) => existsSync(path.join(folder, 'package.json'));

/** Every form an import can take, also of types only: they bind packages together as well. */
export function analyse(file, text) {
  const { program, errors } = parseSync(file, text);
  const imports = [];
  const resolves = [];
  const add = (source) => typeof source?.value === 'string' && imports.push(source.value);
  new Visitor({
    ImportDeclaration: ({ source }) => add(source),
    ExportAllDeclaration: ({ source }) => add(source),
    ExportNamedDeclaration: ({ source }) => add(source),
    ImportExpression: ({ source }) => add(source),
    TSImportType: ({ source }) => add(source),
    TSExternalModuleReference: ({ expression }) => add(expression),
    CallExpression({ callee, arguments: values }) {
      if (callee.type === 'Identifier' && callee.name === 'require') add(values[0]);
      if (callee.type === 'MemberExpression' && callee.property.name === 'resolve') {
        resolves.push(text.slice(callee.object.start, callee.object.end));
      }
    },
  }).visit(program);
  return { imports, resolves, broken: errors.length > 0 };
}
