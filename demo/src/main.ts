import { DemoError } from './demo-error.js';
import { readOptions } from './options.js';
import { runDemo } from './run-demo.js';
import { plainScreen, terminalScreen } from './screen.js';
import { deliveredOnce, tell } from './summary.js';

const options = readOptions(process.argv.slice(2));
const write = options.json ? console.error : console.log;
const screen = process.stdout.isTTY && !options.json ? terminalScreen() : plainScreen(write);

const stop = new AbortController();
const onSignal = () => {
  if (stop.signal.aborted) process.exit(130);
  stop.abort(new DemoError('it was interrupted before the writers began.'));
};
process.on('SIGINT', onSignal);
process.on('SIGTERM', onSignal);

try {
  const summary = await runDemo(options, screen, stop.signal);
  for (const line of tell(summary)) write(line);
  if (options.json) console.log(JSON.stringify(summary));
  process.exitCode = summary.equal && deliveredOnce(summary) ? 0 : 1;
} catch (error) {
  // What a person can put right has a message of its own; anything else needs its stack.
  const known = error instanceof DemoError || (error instanceof Error && 'code' in error);
  console.error(known ? `The demo cannot go on: ${(error as Error).message}` : error);
  process.exitCode = 1;
}
