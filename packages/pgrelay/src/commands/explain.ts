import { createClient, type Explanation, RelayError } from '@pgrelay/relay-core';
import { schemaStatus } from '@pgrelay/relay-sql';
import { openDatabase } from '../open-database.js';
import type { CommonOptions } from '../options.js';

/** Says why an event is not running, or what became of it. */
export async function runExplain(id: string, options: CommonOptions): Promise<number> {
  const database = await openDatabase(options, (text) => void process.stderr.write(`${text}\n`));
  try {
    const states = await schemaStatus({ connectionString: database.url });
    if (states[0]?.status === 'missing') {
      throw new RelayError('RELAY_NOT_INSTALLED', 'the database has no pgrelay in it', {
        hint: 'Run: npx pgrelay migrate.',
      });
    }
    const client = createClient({ connectionString: database.url });
    const reasons = await client.explain(id).finally(() => client.close());
    console.log(options.json === true ? JSON.stringify(reasons) : reasons.map(asText).join('\n\n'));
    return 0;
  } finally {
    await database.close();
  }
}

function asText({ reason, evidence, remedy }: Explanation): string {
  return `${reason}: ${evidence}\n  remedy: ${remedy}`;
}
