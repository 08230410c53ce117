import { connect } from '../../harness/connect.js';
import { serve } from '../../harness/serve.js';
import { sqlFile } from '../../harness/sql-files.js';

/** Empties bench.queue with one statement a batch, on one or several connections. */
const { url, connections } = JSON.parse(process.argv[2] ?? '') as { url: string; connections: number };
const text = sqlFile('drain/raw/batch.sql');
const clients = await Promise.all(Array.from({ length: connections }, () => connect(url, 'raw drain')));
let running: Promise<unknown> = Promise.resolve();

async function drain(client: (typeof clients)[number]): Promise<void> {
  let low = '0';
  for (;;) {
    const { rows } = await client.query<{ place: string | null }>({ name: 'batch', text, values: [low] });
    const place = rows[0]?.place ?? null;
    if (place === null) return;
    low = place;
  }
}

serve({
  go: () => {
    running = Promise.all(clients.map(drain));
  },
  stop: async () => {
    await running;
    for (const client of clients) await client.end();
  },
});
