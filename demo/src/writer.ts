import { parseArgs } from 'node:util';
import { Customer } from './customer.js';
import { LatencyNotes } from './latency-notes.js';
import type { FromWriter } from './writer-process.js';

/**
 * The writer's process: some customers on connections of their own, each acting at a steady rate, until the parent says
 * stop or goes away. A process of its own, so that neither the screen nor the Processor delays what it measures.
 */
const { values } = parseArgs({ options: { writers: { type: 'string' }, rate: { type: 'string' } } });
const url = process.env['PGRELAY_DEMO_URL'] ?? '';
const count = Number(values.writers);
const everyMs = (1000 * count) / Number(values.rate);

const stopping = new AbortController();
process.on('SIGINT', () => undefined); // Ctrl-C reaches the whole group; the parent decides
process.on('SIGTERM', () => stopping.abort());
process.on('message', () => stopping.abort());
process.on('disconnect', () => process.exit(1));

const send = (message: FromWriter) => void process.send?.(message);
try {
  const notes = await LatencyNotes.open(url);
  const customers = await Promise.all(
    Array.from({ length: count }, (_, index) => Customer.open(url, { index, count, everyMs }, notes)),
  );
  send({ kind: 'started' });
  const ends = await Promise.all(customers.map((customer) => customer.actUntil(stopping.signal)));
  await notes.close();
  const token = ends.reduce((latest, end) => (BigInt(end) > BigInt(latest) ? end : latest), '0');
  send({ kind: 'stopped', token });
} catch (error) {
  send({ kind: 'failed', message: error instanceof Error ? error.message : String(error) });
  process.exitCode = 1;
}
if (process.connected) process.disconnect();
