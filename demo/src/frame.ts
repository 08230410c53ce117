import type { Colors } from 'picocolors/types.js';
import type { Bucket, Figures, Latency } from './figures.js';
import { bar, count, duration } from './format.js';
import type { WalkThrough } from './walk-through.js';

/** A write that takes longer than this is drawn as trouble. */
const LONG_MS = 250;
const LABEL = 20;

export interface Scene {
  readonly title: string;
  readonly headline: string;
  readonly writers: number;
  readonly walkThrough: WalkThrough;
  readonly figures: Figures;
  readonly timeline: readonly Bucket[];
  readonly trouble: string;
}

/** The whole screen as lines. Pure: what is shown is what was read. */
export function frame(scene: Scene, c: Colors): string[] {
  const { figures: f, timeline } = scene;
  const label = (text: string) => c.dim(text.padEnd(LABEL));
  const value = (text: string, note: string) => `${c.bold(text.padStart(10))}   ${c.dim(note)}`;
  const stale = f.staleMs > 0 ? duration(f.staleMs) : 'fresh';
  const events =
    f.events === null
      ? []
      : [label('events') + value(count(f.events), `done; ${f.eventsWaiting} waiting; one per order, one per refresh`)];
  return [
    `${c.bold(c.cyan(scene.title))}  ${c.dim(`monthly_product_sales under load, ${Math.round(f.seconds)} s`)}`,
    scene.headline,
    '',
    ...walkThroughLines(scene.walkThrough, c),
    '',
    label('writes/s') + value(f.writesPerSecond.toFixed(0), `${count(f.writes)} in all, by ${scene.writers} writers`),
    ...events,
    label('refreshes') + value(count(f.refreshes), refreshNote(f)),
    label('view is stale by') + value(stale, 'age of the oldest write that it lacks'),
    label('writers waiting') +
      (f.blocked > 0 ? c.bold(c.red(String(f.blocked).padStart(10))) : c.bold('0'.padStart(10))) +
      c.dim('   for the refresh, at this moment'),
    '',
    c.dim(`${'a write takes'.padEnd(LABEL)}${['p50', 'p95', 'worst', 'writes'].map((t) => t.padStart(10)).join('')}`),
    latencyLine('during a refresh', f.during, c),
    latencyLine('outside a refresh', f.outside, c),
    '',
    label('slowest write') + timeline.map((b) => paintBar(b, c)).join(''),
    label('refresh runs') + timeline.map((b) => (b.refreshing ? c.cyan('▬') : ' ')).join(''),
    label('') + c.dim('every half second up to now; bars from 1 ms to 10 s, logarithmic'),
    ...(scene.trouble === '' ? [] : [c.yellow(scene.trouble)]),
  ];
}

/** One line a second, for a log. */
export function plainLine({ figures: f }: Scene): string {
  const latency = ({ p50, p95, worst }: Latency) => [p50, p95, worst].map(duration).join(' / ');
  const events = f.events === null ? '' : `  events ${count(f.events)} done, ${f.eventsWaiting} waiting`;
  const waiting = f.blocked > 0 ? `  ${f.blocked} WRITERS WAIT FOR THE REFRESH` : '';
  return (
    `${f.seconds.toFixed(0).padStart(4)} s  ${f.writesPerSecond.toFixed(0).padStart(4)} writes/s${events}` +
    `  refreshes ${f.refreshes}${f.refreshing ? '+' : ' '}  stale ${duration(f.staleMs)}` +
    `  write p50 / p95 / worst: during a refresh ${latency(f.during)}, outside ${latency(f.outside)}${waiting}`
  );
}

function walkThroughLines({ before, after }: WalkThrough, c: Colors): string[] {
  const row = (text: string, state: WalkThrough['before'], flag: string) =>
    `${c.dim(text.padEnd(LABEL))}${state.viewName} | ${flag} | ${c.dim(state.lastRefreshedAt)}`;
  return [
    row('order 1001 commits', before, before.isDirty ? c.yellow('t') : c.green('f')),
    row('once refreshed', after, after.isDirty ? c.yellow('t') : c.green('f')),
  ];
}

function refreshNote(f: Figures): string {
  const last = f.refreshMs === null ? 'none yet' : `the last took ${duration(f.refreshMs)}`;
  return f.refreshing ? `${last}; one is running` : last;
}

function latencyLine(name: string, latency: Latency, c: Colors): string {
  const times = [latency.p50, latency.p95, latency.worst].map((ms) => {
    const text = duration(ms).padStart(10);
    return (ms ?? 0) > LONG_MS ? c.bold(c.red(text)) : c.bold(text);
  });
  return `${c.dim(name.padEnd(LABEL))}${times.join('')}${c.dim(count(latency.writes).padStart(10))}`;
}

function paintBar({ worst }: Bucket, c: Colors): string {
  return (worst ?? 0) > LONG_MS ? c.red(bar(worst)) : c.green(bar(worst));
}
