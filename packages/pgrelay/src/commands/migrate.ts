import { type MigrateResult, type MigrateStep, migrate } from '@pgrelay/relay-sql';
import { composedModules } from '../compose.js';
import { openDatabase } from '../open-database.js';
import type { CommonOptions } from '../options.js';

/** Installs or upgrades the relay and the modules of the composed plugins, and says what it did. */
export async function runMigrate(options: CommonOptions): Promise<number> {
  const say = (text: string) => void process.stderr.write(`${text}\n`);
  const database = await openDatabase(options, say);
  try {
    const steps: MigrateStep[] = [];
    const result = await migrate({
      connectionString: database.url,
      modules: composedModules(),
      onStep(step) {
        steps.push(step);
        if (options.json !== true) console.log(`${step.module}: ${step.step}`);
      },
    });
    console.log(options.json === true ? JSON.stringify({ ...result, steps }) : summary(result));
    return 0;
  } finally {
    await database.close();
  }
}

function summary({ applied, upToDate }: MigrateResult): string {
  if (upToDate) return 'Nothing to do: the database is up to date.';
  return applied.length === 0 ? 'Done: functions and grants renewed.' : `Done: ${applied.length} migrations applied.`;
}
