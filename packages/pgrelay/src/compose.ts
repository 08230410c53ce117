import { autoMv } from '@pgrelay/auto-mv';
import { cron } from '@pgrelay/plugin-cron';
import { http } from '@pgrelay/plugin-http';
import type { Plugin } from '@pgrelay/relay-core';
import type { SqlModule } from '@pgrelay/relay-sql';

/** What this binary is made of. A team with plugins or handlers of its own writes such a list itself. */
export function composedPlugins(): readonly Plugin[] {
  return [autoMv(), http(), cron()];
}

/** The database side of the composed plugins, for `migrate()`. */
export function composedModules(): readonly SqlModule[] {
  return composedPlugins().flatMap((plugin) => (plugin.sql === undefined ? [] : [plugin.sql]));
}
