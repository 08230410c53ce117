import { Command, InvalidArgumentError, Option } from 'commander';

export interface DemoOptions {
  readonly pattern: 'relay' | 'dirty-flag';
  readonly database?: string;
  /** How long the writers write, in ms; undefined: until Ctrl-C. */
  readonly forMs?: number;
  readonly break: boolean;
  readonly json: boolean;
  readonly rate: number;
  readonly writers: number;
  /** What one refresh should cost, in ms; undefined when `orders` is given. */
  readonly refreshCostMs: number;
  /** Exactly so many orders, and no calibration. */
  readonly orders?: number;
}

/** Reads the command line; what is wrong with it is said, and the process ends with 2. */
export function readOptions(argv: readonly string[]): DemoOptions {
  const program = new Command('npm start --')
    .description('Shows a materialized view kept fresh on a real PostgreSQL while an application writes.')
    .addOption(
      new Option('--pattern <name>', 'what keeps the view fresh: the relay, or the published pattern it replaces')
        .choices(['relay', 'dirty-flag'])
        .default('relay'),
    )
    .option('--for <time>', 'end after so long, such as 20s or 2m; without it, Ctrl-C ends it', parseTime)
    .option('--break', 'drop a trigger half-way, repair switched off: the comparison at the end must then fail', false)
    .option('--database <url>', 'use this server, in a database pgrelay_demo made for it; default: an embedded server')
    .option('--rate <number>', 'writes per second', whole(1, 5_000), 100)
    .option('--writers <number>', 'connections that write', whole(1, 16), 4)
    .option('--refresh-cost <time>', 'add rows until a refresh takes so long', parseTime, 1_000)
    .option('--orders <number>', 'begin with just so many orders instead', whole(1, 2_000_000))
    .option('--json', 'print the final summary as JSON; the progress goes to standard error', false)
    .allowExcessArguments(false)
    .showHelpAfterError('(see --help)')
    .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : 2));
  const given = program.parse(argv, { from: 'user' }).opts();
  if (given['database'] !== undefined) checkUrl(program, given['database']);
  return {
    pattern: given['pattern'],
    break: given['break'],
    json: given['json'],
    rate: given['rate'],
    writers: given['writers'],
    refreshCostMs: given['refreshCost'],
    ...(given['database'] === undefined ? {} : { database: given['database'] }),
    ...(given['for'] === undefined ? {} : { forMs: given['for'] }),
    ...(given['orders'] === undefined ? {} : { orders: given['orders'] }),
  };
}

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000 };

function parseTime(text: string): number {
  const [, digits, unit] = /^(\d+(?:\.\d+)?)(ms|s|m)$/.exec(text) ?? [];
  const ms = Number(digits) * (UNITS[unit ?? ''] ?? Number.NaN);
  if (!(ms >= 1 && ms <= 86_400_000)) throw new InvalidArgumentError('Write a time such as 500ms, 20s or 2m.');
  return ms;
}

function whole(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= least && value <= most) return value;
    throw new InvalidArgumentError(`Write a whole number from ${least} to ${most}.`);
  };
}

function checkUrl(program: Command, text: string): void {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol === 'postgres:' || url?.protocol === 'postgresql:') return;
  program.error("error: option '--database <url>' must look like postgres://user:password@host:5432/database");
}
