import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { earlierReleases, extensionFiles } from '@pgrelay/relay-sql';
import { composedModules } from '../compose.js';
import { version } from '../version.js';

export interface ExtensionCommandOptions {
  /** The folder that the files are written to; made when missing. */
  readonly output: string;
  /** Versions to update from, beside the earlier releases. Default: none. */
  readonly from: readonly string[];
  /** JSON instead of text. Default: false. */
  readonly json?: boolean;
}

/** Writes the files of the extensions. Needs no database. */
export async function runExtension({ output, from, json }: ExtensionCommandOptions): Promise<number> {
  const files = await extensionFiles({ modules: composedModules(), version, from: [...earlierReleases, ...from] });
  await mkdir(output, { recursive: true });
  for (const [name, text] of files) await writeFile(path.join(output, name), text);
  const names = [...files.keys()];
  console.log(json === true ? JSON.stringify({ version, files: names }) : names.join('\n'));
  return 0;
}
