import { Command, InvalidArgumentError } from 'commander';
import { UsageError } from '../harness/usage-error.js';
import { campaigns } from './campaigns.js';
import { OwnServer } from './own-server.js';
import { type CampaignResult, complaints, passed, table } from './result.js';

const program = new Command('npm run faults --')
  .description('Kills, stops and cuts Processors and the server under load, and compares what happened with a ledger.')
  .option('--only <names...>', 'only these campaigns', known)
  .option('--list', 'list the campaigns and end', false)
  .option('--hits <number>', 'how often each failpoint is hit', whole, 20)
  .option('--seed <number>', 'what chance follows from; the run prints it', whole, Date.now() % 1_000_000)
  .allowExcessArguments(false)
  .showHelpAfterError('(see --help)')
  .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : 2));
const options = program.parse().opts();

if (options['list']) {
  for (const { name, title } of campaigns) console.log(`${name.padEnd(12)}${title}`);
} else {
  const { seed, hits } = options;
  console.error(`Seed ${seed}: chance takes the same turns with --seed ${seed}.`);
  // The server ends with us, and the Processors do when their standard input does.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
  const results = new Map<string, CampaignResult>();
  try {
    for (const campaign of campaigns.filter(
      ({ name }) => options['only'] === undefined || options['only'].includes(name),
    )) {
      console.error(`${campaign.title} …`);
      const began = performance.now();
      const say = (text: string) => console.error(`  ${campaign.name}: ${text}, ${seconds(began)} s`);
      const server = await OwnServer.start({ onMessage: say });
      try {
        const result = await campaign.run({ server, seed, hits, say });
        results.set(campaign.name, result);
        say(passed(result) ? 'nothing lost, nothing twice' : 'FAILED');
        for (const line of complaints(result)) console.error(`  ${line}`);
      } finally {
        await server.stop();
      }
    }
    console.log(table(results).join('\n'));
    process.exitCode = [...results.values()].every(passed) ? 0 : 1;
  } catch (error) {
    console.error(error instanceof UsageError ? error.message : error);
    process.exitCode = 1;
  }
}

function seconds(began: number): number {
  return Math.round((performance.now() - began) / 1_000);
}

function known(name: string, before: readonly string[] = []): string[] {
  if (campaigns.some((campaign) => campaign.name === name)) return [...before, name];
  throw new InvalidArgumentError(`The campaigns are ${campaigns.map((campaign) => campaign.name).join(', ')}.`);
}

function whole(text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 1 && value <= 1_000_000) return value;
  throw new InvalidArgumentError('Write a whole number from 1 to 1000000.');
}
