import { mkdirSync, writeFileSync } from 'node:fs';
import pc from 'picocolors';
import { ansiSvg, type Window } from './ansi-svg.js';
import { frame, type Scene } from './frame.js';
import type { DemoOptions } from './options.js';
import { runDemo } from './run-demo.js';
import type { Screen } from './screen.js';
import { tell } from './summary.js';

/**
 * Draws docs/demo.svg from two real runs of 32 seconds, one of each pattern: the last look of each that fell into a
 * refresh, and what the run said at its end. `npm run record --workspace demo`, best on a quiet machine.
 */
const SECONDS = 32;
const COLUMNS = 106;
const TITLE =
  'Two runs of the demo: with pgrelay no write waits for a refresh; with the dirty-flag pattern every write waits until it ends.';

const windows: Window[] = [];
for (const pattern of ['relay', 'dirty-flag'] as const) {
  const scenes: Scene[] = [];
  const screen: Screen = {
    say: (text) => console.log(text),
    show: (scene) => void scenes.push(scene),
    done: () => undefined,
  };
  const options: DemoOptions = {
    pattern,
    forMs: SECONDS * 1_000,
    break: false,
    json: false,
    rate: 100,
    writers: 4,
    refreshCostMs: 1_000,
  };
  const summary = await runDemo(options, screen, new AbortController().signal);
  const shown =
    scenes.findLast(({ figures }) => figures.refreshing && figures.seconds > SECONDS * 0.8) ?? scenes.at(-1);
  if (shown === undefined) throw new Error('the run showed nothing');
  const lines = [...frame(shown, pc.createColors(true)), '', ...tell(summary).flatMap((line) => wrap(line))];
  windows.push({ title: `npm start${pattern === 'relay' ? '' : ` -- --pattern ${pattern}`}`, lines });
}
const folder = new URL('../../docs/', import.meta.url);
mkdirSync(folder, { recursive: true });
writeFileSync(new URL('demo.svg', folder), ansiSvg(TITLE, windows, COLUMNS));

/** Breaks a line of words where a terminal of that width would be full. */
function wrap(line: string): string[] {
  const lines = [''];
  for (const word of line.split(' ')) {
    const last = lines.length - 1;
    const longer = lines[last] === '' ? word : `${lines[last]} ${word}`;
    if (longer.length > COLUMNS) lines.push(word);
    else lines[last] = longer;
  }
  return lines;
}
