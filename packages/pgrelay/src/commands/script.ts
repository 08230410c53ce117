import { installScript } from '@pgrelay/relay-sql';
import { composedModules } from '../compose.js';
import { version } from '../version.js';

/** Prints what `migrate` would do as one SQL file. Needs no database. */
export async function runScript({ json }: { readonly json?: boolean }): Promise<number> {
  const sql = await installScript({ modules: composedModules(), title: `pgrelay ${version}` });
  process.stdout.write(json === true ? `${JSON.stringify({ version, sql })}\n` : sql);
  return 0;
}
