import type { DrainContender } from '../../contenders/drain-contender.js';
import { type Spread, spread } from '../../harness/spread.js';
import type { DrainFigures } from './drain-figures.js';

/** The drains of each contender as a table: medians, and the spread of the rate. */
export function drainTable(rounds: ReadonlyMap<DrainContender, readonly DrainFigures[]>): string[] {
  return [
    '| contender | action | events | a second | spread | CPU µs an event: sessions | server besides | processes | peak MiB |',
    '|---|---|---:|---:|---|---:|---:|---:|---:|',
    ...[...rounds].map(([{ name, action }, drains]) => {
      const rate = spread(drains.map(({ perSecond }) => perSecond));
      const micros = (key: 'sessionMicros' | 'backgroundMicros' | 'processMicros') =>
        number(spread(drains.map((drain) => drain[key] ?? Number.NaN)), 1);
      const peak = number(spread(drains.map(({ peakMiB }) => Math.max(...peakMiB))), 0);
      const events = drains.at(-1)?.events ?? 0;
      return `| ${name} | ${action} | ${whole(events)} | ${rateText(rate.median)} | ${rateText(rate.min)}–${rateText(rate.max)} | ${micros('sessionMicros')} | ${micros('backgroundMicros')} | ${micros('processMicros')} | ${peak} |`;
    }),
  ];
}

/** What each contender was told. */
export function settingsList(contenders: Iterable<DrainContender>): string[] {
  const settings = new Map([...contenders].map(({ name, settings: told }) => [name, told]));
  return ['Settings:', '', ...[...settings].map(([name, told]) => `- ${name}: ${told}`)];
}

const number = ({ median }: Spread, digits: number): string => (Number.isNaN(median) ? '–' : median.toFixed(digits));
const whole = (value: number): string => Math.round(value).toLocaleString('en');
const rateText = (value: number): string => (value < 10 ? value.toFixed(1) : whole(value));
