import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import pg from 'pg';
import { lockKey } from './migrate.js';
import { migratorSql } from './migrator-sql.js';
import { RelayError } from './relay-error.js';
import { fill } from './script-parts.js';
import { relaySql, type SqlModule } from './sql-module.js';
import { toRelayError } from './sqlstates.js';

export interface UninstallOptions {
  /** The database; its login has to be a superuser, or the one that installed: a member of `pgrelay_owner`, who owns the extensions. */
  readonly connectionString: string;
  /** Modules of plugins, which know what of theirs is lost. Default: none. */
  readonly modules?: readonly SqlModule[];
  /** Schemas to remove; with `pgrelay` all go, since all need it. Default: all. */
  readonly only?: readonly string[];
  /** Remove it although Processors are alive. Default: false. */
  readonly force?: boolean;
  /** How long each lock is waited for, in ms. Default: 10,000. */
  readonly lockTimeoutMs?: number;
}

/** One thing that goes. `lost` says what nobody has any more afterwards; `processor` is one that is alive. */
export interface UninstallItem {
  readonly kind:
    | 'extension'
    | 'schema'
    | 'function'
    | 'trigger'
    | 'dependent'
    | 'grant'
    | 'role'
    | 'channel'
    | 'processor'
    | 'lost';
  readonly object: string;
  readonly detail: string;
}

export interface UninstallResult {
  /** What was removed, as the plan had listed it. */
  readonly removed: readonly UninstallItem[];
  /** Roles that stay, with the reason in `detail`. */
  readonly kept: readonly UninstallItem[];
}

export const defaultUninstallOptions = { force: false, lockTimeoutMs: 10_000 } as const;

/** Dropped in this order: the owner, through whom the login is a member of others, last. */
const roles = ['pgrelay_processor', 'pgrelay_admin', 'pgrelay_viewer', 'pgrelay_producer', 'pgrelay', 'pgrelay_owner'];

/**
 * Lists what `uninstall()` would remove and what would be lost, and changes nothing. Empty where nothing is installed.
 * @throws RelayError RELAY_MODULE_UNKNOWN
 */
export function uninstallPlan(options: UninstallOptions): Promise<readonly UninstallItem[]> {
  return transaction(options, 'rollback', async (client) => (await plan(client, options)).items);
}

/**
 * Removes the relay, or some modules, however they were installed, with triggers on the user's tables and private functions; all of it or
 * nothing. Materialized views stay. Roles that are used elsewhere stay.
 * @throws RelayError RELAY_PROCESSORS_ALIVE, RELAY_MODULE_UNKNOWN, RELAY_UNINSTALL_BUSY
 */
export function uninstall(options: UninstallOptions): Promise<UninstallResult> {
  return transaction(options, 'commit', async (client) => {
    const { items, schemas } = await plan(client, options);
    if (items.length === 0) return { removed: [], kept: [] };
    if (!schemas.includes(relaySql.name)) {
      await client.query('set local role pgrelay_owner');
      for (const { object } of items.filter(({ kind }) => kind === 'channel')) {
        await client.query('select pgrelay.drop_channel($1, true)', [object]);
      }
      await client.query('set local role none');
    }
    const force = String(options.force ?? defaultUninstallOptions.force);
    const list = `array[${schemas.map((schema) => pg.escapeLiteral(schema)).join(', ')}]`;
    await client.query(fill(await migratorSql('uninstall/remove.sql'), { schemas: list, force }));
    const kept: UninstallItem[] = [];
    for (const role of roles) {
      const item = items.find(({ kind, object }) => kind === 'role' && object === role);
      if (item === undefined) continue;
      const reason = item.detail.startsWith('stays') ? item.detail : await dropRole(client, role);
      if (reason !== undefined) kept.push({ ...item, detail: reason });
    }
    const stays = new Set(kept.map(({ object }) => object));
    const removed = items.filter(({ kind, object }) => kind !== 'processor' && !(kind === 'role' && stays.has(object)));
    return { removed, kept };
  });
}

interface Plan {
  readonly items: readonly UninstallItem[];
  readonly schemas: readonly string[];
}

async function plan(client: pg.Client, { modules = [], only }: UninstallOptions): Promise<Plan> {
  const there = await client.query("select pg_catalog.to_regclass('pgrelay.schema_module') is not null as yes");
  if (there.rows[0].yes !== true) return { items: [], schemas: [] };
  await client.query('set local role pgrelay_owner');
  const installed = (await client.query<{ module: string }>(await migratorSql('uninstall/modules.sql'))).rows.map(
    ({ module }) => module,
  );
  const unknown = only?.find((name) => !installed.includes(name));
  if (unknown !== undefined) {
    throw new RelayError('RELAY_MODULE_UNKNOWN', `module ${unknown} is not installed`, {
      hint: `Installed are: ${installed.join(', ')}.`,
    });
  }
  const all = only === undefined || only.includes(relaySql.name);
  const schemas = all ? [...installed, 'pgrelay_action'] : only;
  const items = (await client.query<UninstallItem>(await migratorSql('uninstall/plan.sql'), [schemas])).rows;
  for (const module of [relaySql, ...modules]) {
    const file = new URL('uninstall.sql', module.directory);
    if (!installed.includes(module.name) || !existsSync(file)) continue;
    const rows = (await client.query<UninstallItem>(await readFile(file, 'utf8'))).rows;
    if (schemas.includes(module.name)) items.push(...rows.filter(({ kind }) => kind !== 'channel' || !all));
    else items.push(...rows.filter(({ kind }) => kind === 'processor' && module === relaySql));
  }
  await client.query('set local role none');
  return { items, schemas };
}

/** Why a role stays; undefined when it has gone. */
async function dropRole(client: pg.Client, role: string): Promise<string | undefined> {
  await client.query('savepoint role');
  try {
    await client.query(fill(await migratorSql('uninstall/drop_role.sql'), { role }));
    await client.query('release savepoint role');
    return undefined;
  } catch (error) {
    await client.query('rollback to savepoint role');
    const { message, detail } = error as { message: string; detail?: string };
    return `stays: ${message}${detail === undefined ? '' : ` (${detail.replaceAll('\n', ', ')})`}; a DBA may: drop owned by ${role}; drop role ${role};`;
  }
}

async function transaction<T>(
  options: UninstallOptions,
  end: 'commit' | 'rollback',
  work: (client: pg.Client) => Promise<T>,
): Promise<T> {
  const client = new pg.Client({ connectionString: options.connectionString, application_name: 'pgrelay uninstall' });
  await client.connect();
  try {
    await client.query('begin');
    await client.query('select pg_catalog.pg_advisory_xact_lock($1)', [lockKey]);
    await client.query(
      "select pg_catalog.set_config('lock_timeout', $1, true), pg_catalog.set_config('client_min_messages', 'warning', true), pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true)",
      [`${options.lockTimeoutMs ?? defaultUninstallOptions.lockTimeoutMs}ms`],
    );
    const result = await work(client);
    await client.query(end);
    return result;
  } catch (error) {
    await client.query('rollback').catch(() => undefined);
    if (error instanceof Error && 'code' in error && (error.code === '55P03' || error.code === '40P01')) {
      throw new RelayError('RELAY_UNINSTALL_BUSY', `a lock could not be had in time: ${error.message}`, {
        hint: 'A long transaction holds a table that has a trigger of auto-mv, or one of the relay. Nothing was removed: try again when it has ended.',
        cause: error,
      });
    }
    throw toRelayError(error);
  } finally {
    await client.end();
  }
}
