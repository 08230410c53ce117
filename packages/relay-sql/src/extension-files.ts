import { readFile } from 'node:fs/promises';
import pg from 'pg';
import { earlierReleases } from './earlier-releases.js';
import { lockKey } from './migrate.js';
import { forSchema, migratorSql } from './migrator-sql.js';
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
 * script that creates it, and one for each version that it can be updated from. They all do the same, since a migration that has run
 * is skipped. Their place is the folder `extension` in `pg_config --sharedir`, or one in `extension_control_path`.
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
    const script = (fresh: boolean) =>
      extensionScript({ extension, module: loaded, rules, version: options.version, fresh });
    files.set(`${extension}.control`, control(module, options.version));
    files.set(`${extension}--${options.version}.sql`, await script(true));
    for (const version of from.filter((each) => each !== options.version)) {
      files.set(`${extension}--${version}--${options.version}.sql`, await script(false));
    }
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
  /** For CREATE EXTENSION; else for an update. */
  readonly fresh: boolean;
}

async function extensionScript({ extension, module, rules, version, fresh }: Script): Promise<string> {
  const core = module.name === relaySql.name;
  const schemas = core ? [module.name, 'pgrelay_action'] : [module.name];
  const values = {
    statement: fresh ? `create extension ${extension}` : `alter extension ${extension} update`,
    title: `${extension} ${version}`,
    lock: String(lockKey),
    module: pg.escapeLiteral(module.name),
    extension: pg.escapeLiteral(extension),
    schemas: `array[${schemas.map((schema) => pg.escapeLiteral(schema)).join(', ')}]`,
    rules: rules.trimEnd(),
    fresh: String(fresh),
  };
  const parts = [
    fill(await migratorSql('extension/begin.sql'), values),
    ...(core ? [await migratorSql('roles.sql')] : []),
    ...(fresh ? [fill(await migratorSql('extension/create.sql'), values)] : [await refusal(module, true)]),
    ...(core ? [await migratorSql('migrator/bookkeeping.sql')] : []),
    ...(await moduleBody(module, forSchema(await migratorSql('extension/own.sql'), module.name))),
    fill(await migratorSql('extension/release.sql'), values),
    fill(await migratorSql('extension/dump.sql'), values),
  ];
  return parts.map((part) => `${part.trimEnd()}\n`).join('\n');
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
