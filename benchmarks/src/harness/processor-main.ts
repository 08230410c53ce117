import { autoMv } from '@pgrelay/auto-mv';
import { Processor } from '@pgrelay/relay-core';
import { pino } from 'pino';

/** A Processor with auto-mv as a process of its own; ends when the parent says so or goes away. */
const processor = new Processor({
  connectionString: process.env['PGRELAY_BENCHMARK_URL'] ?? '',
  plugins: [autoMv()],
  leaseMs: Number(process.env['PGRELAY_BENCHMARK_LEASE_MS'] ?? 5_000),
  log: pino({ level: process.env['PGRELAY_BENCHMARK_LOG'] ?? 'warn' }, pino.destination({ fd: 2, sync: true })),
});
process.on('SIGINT', () => undefined); // Ctrl-C reaches the whole group; the parent decides
process.on('message', () => {
  processor.stop().then(
    () => process.disconnect(),
    () => process.exit(1),
  );
});
process.on('disconnect', () => process.exit(process.exitCode ?? 0));
await processor.start();
process.send?.('started');
