import { cp, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { extensionFiles, relaySql, type SqlModule } from '@pgrelay/relay-sql';
import { composedModules } from '../../src/compose.js';
import { version } from '../../src/version.js';

export const extensions = ['pg_relay', 'pg_auto_mv', 'pg_relay_http', 'pg_relay_cron'];

/** The version that extensions are updated from here. */
export const earlier = '0.0.1';

/** The files of this version, which can also be updated from an earlier one. */
export const currentFiles = () => extensionFiles({ modules: composedModules(), version, from: [earlier] });

/**
 * The files of an earlier version: of each module the first migrations, and of the functions those that migrations call. The control
 * files are left out, since the later version has them.
 */
export async function earlierFiles(): Promise<ReadonlyMap<string, string>> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'pgrelay-earlier-'));
  try {
    const [relay, ...others] = await Promise.all([relaySql, ...composedModules()].map((module) => cut(module, folder)));
    const files = await extensionFiles({ modules: [...others], relay: relay as SqlModule, version: earlier, from: [] });
    return new Map([...files].filter(([name]) => !name.endsWith('.control')));
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function cut(module: SqlModule, folder: string): Promise<SqlModule> {
  const target = path.join(folder, module.name);
  await cp(module.directory, target, { recursive: true });
  await keep(path.join(target, 'migrations'), (name) => name < (module.name === relaySql.name ? '0013' : '0002'));
  await keep(path.join(target, 'functions'), (name) => /^0[01]_(clock_now|this_node)/.test(name));
  await writeFile(path.join(target, 'grants.sql'), '');
  return { ...module, directory: pathToFileURL(`${target}/`) };
}

async function keep(folder: string, kept: (name: string) => boolean): Promise<void> {
  for (const name of await readdir(folder)) if (!kept(name)) await rm(path.join(folder, name));
}
