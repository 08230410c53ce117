import { type HandlerDefinition, Processor } from '@pgrelay/relay-core';
import { pino } from 'pino';

/**
 * A Processor of the engine alone, without plugins, as a process of its own; ends when the parent says so or goes away.
 * PGRELAY_BENCHMARK_HANDLERS names a module whose `handlers` it takes.
 */
const module = process.env['PGRELAY_BENCHMARK_HANDLERS'];
const { handlers = [] } =
  module === undefined ? {} : ((await import(module)) as { handlers?: readonly HandlerDefinition[] });
const processor = new Processor({
  connectionString: process.env['PGRELAY_BENCHMARK_URL'] ?? '',
  workers: Number(process.env['PGRELAY_BENCHMARK_WORKERS'] ?? 1),
  handlers,
  log: pino({ level: 'error' }, pino.destination({ fd: 2, sync: true })),
});
process.on('SIGINT', () => undefined); // Ctrl-C reaches the whole group; the parent decides
process.on('message', (message) => {
  if (message !== 'stop') return;
  processor.stop().then(
    () => process.disconnect(),
    () => process.exit(1),
  );
});
process.on('disconnect', () => process.exit(process.exitCode ?? 0));
await processor.start();
process.send?.('started');
