import { RelayError } from '@pgrelay/relay-core';
import { type ModuleState, schemaStatus } from '@pgrelay/relay-sql';
import pg from 'pg';
import { composedModules } from '../compose.js';
import { openDatabase } from '../open-database.js';
import type { CommonOptions } from '../options.js';

interface Problem {
  readonly code: string;
  readonly object: string;
  readonly evidence: string;
  readonly remedy: string;
}

/** Where each module keeps its findings. */
const checks: Readonly<Record<string, string>> = {
  pgrelay: 'select code, object, evidence, remedy from pgrelay.get_problems()',
  pgauto_mv: 'select code, object, evidence, remedy from pgauto_mv.get_mv_problems()',
  pgrelay_cron: 'select code, object, evidence, remedy from pgrelay_cron.get_cron_problems()',
  pgrelay_http: 'select code, object, evidence, remedy from pgrelay_http.get_http_problems()',
};

/** Shows what is wrong now. The exit code is 1 when something is. */
export async function runProblems(options: CommonOptions): Promise<number> {
  const database = await openDatabase(options, (text) => void process.stderr.write(`${text}\n`));
  try {
    const states = await schemaStatus({ connectionString: database.url, modules: composedModules() });
    if (states[0]?.status === 'missing') {
      throw new RelayError('RELAY_NOT_INSTALLED', 'the database has no pgrelay in it', {
        hint: 'Run: npx pgrelay migrate.',
      });
    }
    const problems = await ask(database.url, states);
    if (options.json === true) console.log(JSON.stringify(problems));
    else console.log(problems.length === 0 ? 'No problems.' : problems.map(asText).join('\n\n'));
    return problems.length === 0 ? 0 : 1;
  } finally {
    await database.close();
  }
}

async function ask(connectionString: string, states: readonly ModuleState[]): Promise<Problem[]> {
  const client = new pg.Client({ connectionString, application_name: 'pgrelay problems' });
  await client.connect();
  try {
    const problems: Problem[] = [];
    for (const { module, status } of states) {
      const check = checks[module];
      if (status !== 'missing' && check !== undefined) problems.push(...(await client.query<Problem>(check)).rows);
    }
    return problems;
  } finally {
    await client.end();
  }
}

function asText({ code, object, evidence, remedy }: Problem): string {
  return `${code}: ${object}\n  found:  ${evidence}\n  remedy: ${remedy}`;
}
