import { Command, InvalidArgumentError } from 'commander';

export interface CommandOptions {
  readonly database: string | undefined;
  readonly seconds: number;
  readonly checks: number;
  readonly seed: number;
  readonly json: boolean;
}

/** Reads the command line; what is wrong with it is said, and the process ends with 2. */
export function readOptions(argv: readonly string[]): CommandOptions {
  const program = new Command('npm run soak:mv --')
    .description(
      'Keeps thirty views over twelve tables fresh beside writers of every kind and DDL, kills the Processors, and compares views with their queries.',
    )
    .option(
      '--database <url>',
      'use this server, which must take prepared transactions, in a database pgrelay_benchmark made for it; default: an embedded one',
    )
    .option(
      '--seconds <number>',
      'how long the writers write; up to twice as long for want of checks',
      whole(5, 86_400),
      150,
    )
    .option('--checks <number>', 'with fewer checks than these the run has failed', whole(1, 10_000_000), 1_000)
    .option(
      '--seed <number>',
      'what chance follows from; the run prints it',
      whole(1, 1_000_000),
      1 + (Date.now() % 1_000_000),
    )
    .option('--json', 'print the result as JSON; the progress goes to standard error', false)
    .allowExcessArguments(false)
    .showHelpAfterError('(see --help)')
    .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : 2));
  const { database, seconds, checks, seed, json } = program.parse(argv, { from: 'user' }).opts();
  return { database, seconds, checks, seed, json };
}

function whole(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= least && value <= most) return value;
    throw new InvalidArgumentError(`Write a whole number from ${least} to ${most}.`);
  };
}
