import { readFile } from 'node:fs/promises';
import pg from 'pg';
import { earlierReleases } from './earlier-releases.js';
import { lockKey } from './migrate.js';
import { migratorSql } from './migrator-sql.js';
import { RelayError } from './relay-error.js';
import { fill, moduleBody, refusal } from './script-parts.js';
import { type LoadedModule, loadModule, relaySql, type SqlModule } from './sql-module.js';

export interface ExtensionOptions {
  /** Modules of plugins, beside the relay's own. Default: none. */
  readonly modules?: readonly SqlModule[];
  /** The version of the extensions, e.g. `0.1.0`: that of the release. */
  readonly version: string;
  /** Versions that can be updated to it. Default: the earlier releases. */
  readonly from?: readonly string[];
  /** The relay's own module; for tests of upgrades. */
  readonly relay?: SqlModule;
}

/**
 * The files of the extensions, name → text, from the same SQL as `migrate()` and the script: for each module a control file, a
 * script that creates it, one for each version that it can be updated from, and two that make an extension of what is installed. They
 * all do the same, since a migration that has run is skipped. Their place is the folder `extension` in `pg_config --sharedir`, or one in `extension_control_path`.
 * @throws RelayError RELAY_EXTENSION_INVALID, RELAY_MIGRATION_NAME; CREATE EXTENSION raises PR010, PR043, PR044, an update PR040, PR041
 */
export async function extensionFiles(options: ExtensionOptions): Promise<ReadonlyMap<string, string>> {
  const from = options.from ?? earlierReleases;
  for (const version of [options.version, ...from]) checkVersion(version);
  const files = new Map<string, string>();
  for (const module of [options.relay ?? relaySql, ...(options.modules ?? [])]) {
    const { extension } = module;
    if (extension === undefined || !/^[a-z][a-z0-9_]{0,62}$/.test(extension)) {
      throw invalid(`module ${module.name} names no extension (${extension})`, 'Give it one: extension: "pg_name".');
    }
    const loaded = await loadModule(module);
    const rules = await readFile(new URL('dump.sql', module.directory), 'utf8');
    const script = (kind: Script['kind']) =>
      extensionScript({ extension, module: loaded, rules, version: options.version, kind });
    const update = (version: string) => `${extension}--${version}--${options.version}.sql`;
    files.set(`${extension}.control`, control(module, options.version));
    files.set(`${extension}--${options.version}.sql`, await script('create'));
    for (const version of from.filter((each) => each !== options.version))
      files.set(update(version), await script('update'));
    files.set(`${extension}--unpackaged.sql`, await unpackagedScript(extension, module));
    files.set(update('unpackaged'), await script('take in'));
  }
  return files;
}

function control(module: SqlModule, version: string): string {
  const settings = {
    comment: `schema ${module.name} of pgrelay`,
    default_version: version,
    ...(module.name === relaySql.name ? {} : { requires: relaySql.extension }),
    schema: 'pg_catalog',
    encoding: 'UTF8',
  };
  const lines = Object.entries(settings).map(([name, value]) => `${name} = '${value}'`);
  return [
    `# Made by npx pgrelay extension. The script makes its own schema.`,
    ...lines,
    'relocatable = false',
    'trusted = true',
    '',
  ].join('\n');
}

interface Script {
  readonly extension: string;
  readonly module: LoadedModule;
  readonly rules: string;
  readonly version: string;
  /** What the script is for: CREATE EXTENSION, an update, or one that takes in what `migrate()` has installed. */
  readonly kind: 'create' | 'update' | 'take in';
}

async function extensionScript({ extension, module, rules, version, kind }: Script): Promise<string> {
  const core = module.name === relaySql.name;
  const schemas = core ? [module.name, 'pgrelay_action'] : [module.name];
  const values = {
    statement: kind === 'create' ? `create extension ${extension}` : `alter extension ${extension} update`,
    title: `${extension} ${version}`,
    lock: String(lockKey),
    module: pg.escapeLiteral(module.name),
    extension: pg.escapeLiteral(extension),
    extension_name: extension,
    schemas: `array[${schemas.map((schema) => pg.escapeLiteral(schema)).join(', ')}]`,
    schema: pg.escapeIdentifier(module.name),
    literal: pg.escapeLiteral(pg.escapeIdentifier(module.name)),
    rules: rules.trimEnd(),
    fresh: String(kind === 'create'),
  };
  const part = async (name: string) => fill(await migratorSql(`extension/${name}`), values);
  const first = { create: ['create.sql'], update: [], 'take in': ['take_in.sql'] }[kind];
  const body = [
    kind === 'create' ? await part('forget.sql') : await refusal(module, true),
    ...(core ? [await migratorSql('migrator/bookkeeping.sql')] : []),
    ...(await moduleBody(module)),
  ].join('\n');
  const parts = [
    await part('begin.sql'),
    ...(core ? [await migratorSql('roles.sql')] : []),
    ...(await Promise.all(first.map(part))),
    fill(await migratorSql('extension/frame.sql'), { ...values, body }),
    await part('release.sql'),
    await part('dump.sql'),
  ];
  return parts.map((text) => `${text.trimEnd()}\n`).join('\n');
}

/** The empty version from which an update takes in what is installed. */
async function unpackagedScript(extension: string, module: SqlModule): Promise<string> {
  return fill(await migratorSql('extension/unpackaged.sql'), {
    extension_name: extension,
    module: pg.escapeLiteral(module.name),
  });
}

/** What PostgreSQL takes as a version, and a file name can have. */
function checkVersion(version: string): void {
  if (!/^[0-9a-zA-Z]+([.+_-][0-9a-zA-Z]+)*$/.test(version)) {
    throw invalid(
      `"${version}" is no version of an extension`,
      'Letters and digits, with single dots and hyphens between them.',
    );
  }
}

function invalid(message: string, hint: string): RelayError {
  return new RelayError('RELAY_EXTENSION_INVALID', message, { hint });
}
