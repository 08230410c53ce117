import { defaultCronOptions } from '@pgrelay/plugin-cron';
import { isEventId } from '@pgrelay/relay-core';
import { Argument, Command, InvalidArgumentError, Option } from 'commander';
import { runCronPlan, runCronSync } from './commands/cron.js';
import { runExplain } from './commands/explain.js';
import { type ExtensionCommandOptions, runExtension } from './commands/extension.js';
import { runMigrate } from './commands/migrate.js';
import { runProblems } from './commands/problems.js';
import { runScript } from './commands/script.js';
import { runStart } from './commands/start.js';
import { runTypes } from './commands/types.js';
import { runUninstall } from './commands/uninstall.js';
import {
  type CommonOptions,
  type CronOptions,
  type CronSyncOptions,
  defaultOptions,
  logLevels,
  type StartOptions,
  type TypesOptions,
  type UninstallCommandOptions,
} from './options.js';
import { version } from './version.js';

/** The commands and their options. `ended` gets the exit code of the command that ran. */
export function makeProgram(ended: (code: number) => void): Command {
  const program = new Command('pgrelay')
    .description('A durable event queue, scheduler and Processor in your PostgreSQL.')
    .version(version)
    .addHelpText('after', environment)
    .exitOverride()
    .configureOutput({ outputError: () => undefined });
  const command = (name: string, description: string) => common(program.command(name).description(description));

  command('migrate', 'install or upgrade pgrelay, auto-mv and cron in the database').action(
    async (options: CommonOptions) => ended(await runMigrate(options)),
  );
  program
    .command('script')
    .description('print what migrate does as one SQL file, for psql or the console of a cloud')
    .option('--json', 'JSON instead of SQL, errors included')
    .addHelpText('after', environment)
    .action(async (options: { readonly json?: boolean }) => ended(await runScript(options)));
  program
    .command('extension')
    .description('write the files of CREATE EXTENSION for a server whose disk you can reach')
    .requiredOption('-o, --output <folder>', 'where to; on the server: the folder extension in pg_config --sharedir')
    .option('--from <version...>', 'versions to update from, beside the earlier releases', [])
    .option('--json', 'JSON instead of text, errors included')
    .addHelpText('after', environment)
    .action(async (options: ExtensionCommandOptions) => ended(await runExtension(options)));
  command('start', 'run a Processor until SIGTERM or SIGINT; a second signal forces it')
    .addOption(
      new Option('-w, --workers <n>', 'connections that run actions, 1 to 9')
        .default(defaultOptions.workers)
        .argParser(whole(1, 9)),
    )
    .addOption(new Option('--migrate', 'migrate the database first (an embedded one always is)'))
    .addOption(new Option('--log-level <level>', 'what to log').choices(logLevels).default(defaultOptions.logLevel))
    .addOption(
      new Option('--http-port <n>', 'serve /healthz and /readyz on this port (default: no server)').argParser(
        whole(0, 65_535),
      ),
    )
    .option('--http-host <address>', 'the address that the HTTP server listens on', defaultOptions.httpHost)
    .action(async (options: StartOptions) => ended(await runStart(options)));
  command('problems', 'show what is wrong now; exit code 1 when something is').action(async (options: CommonOptions) =>
    ended(await runProblems(options)),
  );
  command('explain', 'say why an event is not running, or what became of it')
    .addArgument(new Argument('<id>', 'the id that notify() returned').argParser(eventId))
    .action(async (id: string, options: CommonOptions) => ended(await runExplain(id, options)));
  command('uninstall', 'list what would be removed and what would be lost (exit code 3); with --yes remove it')
    .option('--module <schema...>', 'only these, such as pgrelay_cron (default: all)')
    .option('--yes', 'remove it, in one transaction')
    .option('--force', 'also while Processors are alive; they end with errors')
    .action(async (options: UninstallCommandOptions) => ended(await runUninstall(options)));
  program
    .command('types')
    .description('write TypeScript types of the payloads of channels, for services that send to them')
    .requiredOption('--handlers <module...>', 'JavaScript files that export handlers or channels')
    .option('-o, --output <file>', 'the .ts file, or .d.ts for types only (default: standard output)')
    .option('--check', 'write nothing; exit code 1 when the file is out of date')
    .option('--json', 'errors as JSON')
    .action(async (options: TypesOptions, command: Command) => {
      if (options.check === true && options.output === undefined) command.error('--check needs --output');
      ended(await runTypes(options));
    });
  addCron(program, ended);
  return program;
}

/** Jobs that code declares: a module that exports them is compared with the database. */
function addCron(program: Command, ended: (code: number) => void): void {
  const cron = program
    .command('cron')
    .description('jobs that a module declares: export const jobs = […]')
    .addHelpText('after', environment);
  const command = (name: string, description: string) =>
    common(
      cron.command(name).description(description).argument('<module>', 'a JavaScript file that exports jobs'),
    ).option('--app <name>', 'whose jobs these are', defaultCronOptions.app);
  command('plan', 'show what syncing the jobs would do').action(async (file: string, options: CronOptions) =>
    ended(await runCronPlan(file, options)),
  );
  command('sync', 'create and change jobs as declared; what an operator changed in SQL stays')
    .option('--remove', 'remove jobs that are declared no more')
    .action(async (file: string, options: CronSyncOptions) => ended(await runCronSync(file, options)));
}

const environment = `
DATABASE_URL names the database. Without it an embedded PostgreSQL is used, with its data in .pgrelay/ of the current
directory. Exit codes: 0 done, 1 failed or forced, 2 called wrongly, 3 uninstall without --yes.`;

function common(command: Command): Command {
  return command
    .option('--database-url <url>', 'the database, instead of DATABASE_URL (other users of this machine can see it)')
    .option('--directory <folder>', 'data of the embedded PostgreSQL', defaultOptions.directory)
    .addOption(
      new Option('--port <n>', 'port of the embedded PostgreSQL (default: a free one)').argParser(whole(1, 65_535)),
    )
    .option('--json', 'JSON instead of text, errors included')
    .addHelpText('after', environment);
}

function whole(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= least && value <= most) return value;
    throw new InvalidArgumentError(`It is a whole number from ${least} to ${most}.`);
  };
}

function eventId(text: string): string {
  if (isEventId(text)) return text;
  throw new InvalidArgumentError('It is a whole number above 0.');
}
