import pg from 'pg';
import { PgBoss } from 'pg-boss';
import { serve } from '../dist/harness/serve.js';

/** pg-boss with one queue. `best`: the settings with which it was fastest on a 2-core machine. */
const { url: connectionString, best, action } = JSON.parse(process.argv[2] ?? '');
const QUEUE = 'drain';
const STEP = 5_000;
const boss = new PgBoss(connectionString);
const pool = new pg.Pool({ connectionString });
boss.on('error', (error) => console.error(error));
let handled = 0;

const settings = best ? { batchSize: 2000, localConcurrency: 4, burstWhenBatchFull: true } : {};

async function handle(jobs) {
  handled += jobs.length;
  if (action !== 'one-row') return;
  await pool.query('insert into bench.effect (n) select * from unnest($1::bigint[])', [jobs.map(({ data }) => data.n)]);
}

await boss.start();
serve({
  migrate: () => boss.createQueue(QUEUE),
  load: async (count) => {
    for (let first = 1; first <= count; first += STEP) {
      const length = Math.min(STEP, count - first + 1);
      await boss.insert(
        QUEUE,
        Array.from({ length }, (_, index) => ({ data: { n: first + index } })),
      );
    }
  },
  go: async () => {
    await boss.work(QUEUE, settings, handle);
  },
  handled: () => handled,
  stop: async () => {
    await boss.stop({ graceful: false });
    await pool.end();
  },
});
