import { type UninstallItem, uninstall, uninstallPlan } from '@pgrelay/relay-sql';
import { composedModules } from '../compose.js';
import { notAsked } from '../exit-code.js';
import { openDatabase } from '../open-database.js';
import type { UninstallCommandOptions } from '../options.js';

/** Lists what would be removed and what would be lost; with `--yes` removes it. */
export async function runUninstall(options: UninstallCommandOptions): Promise<number> {
  const database = await openDatabase(options, (text) => void process.stderr.write(`${text}\n`));
  try {
    const wish = {
      connectionString: database.url,
      modules: composedModules(),
      ...(options.module === undefined ? {} : { only: options.module }),
      force: options.force === true,
    };
    if (options.yes === true) {
      const result = await uninstall(wish);
      if (options.json === true) console.log(JSON.stringify({ ...result, done: true }));
      else console.log([asText(result.removed), ...result.kept.map(line), 'Done: all of this was removed.'].join('\n'));
      return 0;
    }
    const plan = await uninstallPlan(wish);
    if (options.json === true) console.log(JSON.stringify({ removed: plan, kept: [], done: false }));
    else if (plan.length === 0) console.log('Nothing to remove: the database has no pgrelay in it.');
    else
      console.log(
        `${asText(plan)}\nNothing was removed. Do it with --yes; what is lost comes back from a backup only.`,
      );
    return plan.length === 0 ? 0 : notAsked;
  } finally {
    await database.close();
  }
}

/** Private functions are many and have no names that anybody knows: they are counted. */
function asText(items: readonly UninstallItem[]): string {
  const functions = items.filter(({ kind }) => kind === 'function').length;
  const lines = items.filter(({ kind }) => kind !== 'function').map(line);
  return [...lines, ...(functions === 0 ? [] : [`function: ${functions} private functions of SQL channels`])].join(
    '\n',
  );
}

function line({ kind, object, detail }: UninstallItem): string {
  return `${kind}: ${object}: ${detail}`;
}
