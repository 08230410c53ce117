import { spread } from '../../harness/spread.js';
import type { CaptureContender } from './contender.js';
import type { CaptureFigures } from './run-capture.js';

/** The rates as a table: medians, and the spread of the transactions. */
export function captureTable(rounds: ReadonlyMap<CaptureContender, readonly CaptureFigures[]>): string[] {
  return [
    '| | transactions a second | spread | change rows a transaction | CPU µs a transaction: sessions | clients |',
    '|---|---:|---|---:|---:|---:|',
    ...[...rounds].map(([{ name }, list]) => {
      const rate = spread(list.map(({ perSecond }) => perSecond));
      const changes = spread(list.map((figures) => figures.changes)).median;
      const sessions = spread(list.map(({ sessionMicros }) => sessionMicros ?? Number.NaN)).median;
      const clients = spread(list.map(({ clientMicros }) => clientMicros)).median;
      const range = `${whole(rate.min)}–${whole(rate.max)}`;
      return `| ${name} | ${whole(rate.median)} | ${range} | ${changes} | ${micros(sessions)} | ${micros(clients)} |`;
    }),
  ];
}

const whole = (value: number): string => Math.round(value).toLocaleString('en');
const micros = (value: number): string => (Number.isNaN(value) ? '–' : value.toFixed(0));
