import { Writable } from 'node:stream';
import { type Logger, pino } from 'pino';

/** A pino logger at the most talkative level whose lines a test can read. */
export function logLines(): { readonly log: Logger; readonly lines: string[] } {
  const lines: string[] = [];
  const stream = new Writable({
    write(chunk, _encoding, done) {
      lines.push(String(chunk));
      done();
    },
  });
  return { log: pino({ level: 'trace' }, stream), lines };
}
