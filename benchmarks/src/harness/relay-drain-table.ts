import type { RelayDrain } from './relay-drain.js';
import { spread } from './spread.js';

export const drainHead: readonly string[] = [
  '| drains | median a second | each round | CPU µs an event: sessions | process |',
  '|---|---:|---|---:|---:|',
];

/** The drains of one contender, all rounds; CPU times are medians. */
export function drainRow(name: string, drains: readonly RelayDrain[]): string {
  const rates = drains.map(({ perSecond }) => perSecond);
  const micros = (of: (drain: RelayDrain) => number) => spread(drains.map(of)).median.toFixed(1);
  const sessions = micros(({ sessionMicros }) => sessionMicros ?? Number.NaN);
  const process = micros(({ processMicros }) => processMicros);
  return `| ${name} | ${spread(rates).median} | ${rates.join(', ')} | ${sessions} | ${process} |`;
}
