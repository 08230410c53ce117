import { Processor, stopOnSignals } from '@pgrelay/relay-core';
import { pino } from 'pino';
import { failpoint } from '../failpoint.js';
import { type Armed, ENVIRONMENT } from './armed.js';
import { EffectsFile } from './effects-file.js';
import { handlers } from './handlers.js';
import { tell } from './trip.js';

/** A Processor in a process of its own, with the handlers of the load, that a fault may strike. SIGTERM drains it. */
const { PGRELAY_FAULTS_URL: url = '', PGRELAY_FAULTS_EFFECTS: effects = '' } = process.env;
const armed = process.env[ENVIRONMENT];
const stopsItself =
  armed !== undefined && armed !== '' && failpoint((JSON.parse(armed) as Armed).name).stage.whileStopping === true;

const processor: Processor = new Processor({
  connectionString: url,
  workers: Number(process.env['PGRELAY_FAULTS_WORKERS'] ?? 1),
  leaseMs: Number(process.env['PGRELAY_FAULTS_LEASE_MS'] ?? 1_000),
  pollIntervalMs: 50,
  log: pino({ level: process.env['PGRELAY_FAULTS_LOG'] ?? 'silent' }, pino.destination({ fd: 2, sync: true })),
  handlers: handlers(new EffectsFile(effects), () => {
    if (stopsItself)
      processor.stop().then(
        () => process.exit(0),
        () => process.exit(1),
      );
  }),
});
process.stdin.on('end', () => process.exit(2)).resume(); // the parent is gone
await processor.start();
tell(`ready ${processor.slot}`);
process.exit(await stopOnSignals(processor));
