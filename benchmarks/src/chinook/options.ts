import { Command, InvalidArgumentError } from 'commander';

export interface SoakOptions {
  /** Where chinook.sql is. */
  readonly file: string;
  readonly database?: string;
  readonly transactions: number;
  readonly writers: number;
  readonly json: boolean;
}

/** Reads the command line; what is wrong with it is said, and the process ends with 2. */
export function readOptions(argv: readonly string[]): SoakOptions {
  const program = new Command('npm run soak:chinook --')
    .description('Loads Chinook, keeps three views over it fresh under concurrent writers, and proves that they are.')
    .argument('<file>', 'chinook.sql, the PostgreSQL script with auto-incremented keys')
    .option(
      '--database <url>',
      'use this server, in a database pgrelay_benchmark made for it; default: an embedded one',
    )
    .option('--transactions <number>', 'how many transactions the writers make', whole(400, 10_000_000), 5_000)
    .option('--writers <number>', 'connections that write', whole(1, 25), 8)
    .option('--json', 'print the result as JSON; the progress goes to standard error', false)
    .allowExcessArguments(false)
    .showHelpAfterError('(see --help)')
    .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : 2));
  program.parse(argv, { from: 'user' });
  const given = program.opts();
  return {
    file: program.args[0] ?? '',
    transactions: given['transactions'],
    writers: given['writers'],
    json: given['json'],
    ...(given['database'] === undefined ? {} : { database: given['database'] }),
  };
}

function whole(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= least && value <= most) return value;
    throw new InvalidArgumentError(`Write a whole number from ${least} to ${most}.`);
  };
}
