import { Command, InvalidArgumentError } from 'commander';
import { markdown, type Report, report, save } from './harness/report.js';
import { UsageError } from './harness/usage-error.js';
import { scenarios } from './scenarios/index.js';

const program = new Command('npm run bench --')
  .description('Measures, with the machine, the versions, the settings and the spread beside every figure.')
  .option('--only <names...>', 'only these scenarios', known)
  .option('--list', 'list the scenarios and end', false)
  .option('--rounds <number>', 'how often each thing is measured; default: 5, in a quick run 1', rounds)
  .option('--quick', 'small counts, to see that everything runs; no bar is judged', false)
  .option('--database <url>', 'use this server, in a database pgrelay_benchmark made for it; default: an embedded one')
  .option('--json', 'print JSON; the progress goes to standard error', false)
  .option('--save', 'keep the results in benchmarks/results', false)
  .allowExcessArguments(false)
  .showHelpAfterError('(see --help)')
  .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : 2));
const options = program.parse().opts();

if (options['list']) {
  for (const { name, title } of scenarios) console.log(`${name.padEnd(16)}${title}`);
} else {
  const chosen = scenarios.filter(({ name }) => options['only'] === undefined || options['only'].includes(name));
  const reports: Report[] = [];
  // An embedded server and commands under measurement end with this process, when it ends by itself.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
  try {
    for (const scenario of chosen) {
      console.error(`${scenario.title} …`);
      const { database, quick } = options;
      const context = { database, quick, rounds: options['rounds'] ?? (quick ? 1 : 5), say: console.error };
      const result = await report(scenario, context);
      reports.push(result);
      if (options['save'] && !quick) save(result);
      if (!options['json']) console.log(markdown(result));
    }
    if (options['json']) console.log(JSON.stringify(reports));
    process.exitCode = reports.every(({ passed }) => passed) ? 0 : 1;
  } catch (error) {
    console.error(error instanceof UsageError ? error.message : error);
    process.exitCode = 1;
  }
}

function known(name: string, before: readonly string[] = []): string[] {
  if (scenarios.some((scenario) => scenario.name === name)) return [...before, name];
  throw new InvalidArgumentError(`The scenarios are ${scenarios.map((scenario) => scenario.name).join(', ')}.`);
}

function rounds(text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 1 && value <= 100) return value;
  throw new InvalidArgumentError('Write a whole number from 1 to 100.');
}
