import { type Logger, pino } from 'pino';
import { build } from 'pino-pretty';
import type { StartOptions } from './options.js';

/** Log lines go to standard output: readable ones on a terminal, else (and with --json) JSON. */
export function makeLogger({ logLevel: level, json }: Pick<StartOptions, 'logLevel' | 'json'>): Logger {
  if (json === true || !process.stdout.isTTY) return pino({ name: 'pgrelay', level });
  return pino(
    { level },
    build({ ignore: 'pid,hostname', singleLine: true, translateTime: 'SYS:HH:MM:ss.l', sync: true }),
  );
}
