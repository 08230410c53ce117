import { spread } from '../../harness/spread.js';
import type { EnqueueContender } from './enqueue-contender.js';
import type { EnqueueFigures } from './run-enqueue.js';

/** The rates as a table: medians, and the spread of the transactions. */
export function enqueueTable(rounds: ReadonlyMap<EnqueueContender, readonly EnqueueFigures[]>): string[] {
  return [
    '| | transactions a second | spread | events a second | CPU µs a transaction: sessions | clients |',
    '|---|---:|---|---:|---:|---:|',
    ...[...rounds].map(([{ name }, list]) => {
      const rate = spread(list.map(({ perSecond }) => perSecond));
      const events = spread(list.map(({ eventsPerSecond }) => eventsPerSecond));
      const sessions = spread(list.map(({ sessionMicros }) => sessionMicros ?? Number.NaN));
      const clients = spread(list.map(({ clientMicros }) => clientMicros));
      const range = `${whole(rate.min)}–${whole(rate.max)}`;
      return `| ${name} | ${whole(rate.median)} | ${range} | ${whole(events.median)} | ${micros(sessions.median)} | ${micros(clients.median)} |`;
    }),
  ];
}

const whole = (value: number): string => Math.round(value).toLocaleString('en');
const micros = (value: number): string => (Number.isNaN(value) ? '–' : value.toFixed(0));
