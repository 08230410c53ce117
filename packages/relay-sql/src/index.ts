export { RelayError } from './relay-error.js';
export { sqlStates, toRelayError } from './sqlstates.js';
export type { SqlModule } from './sql-module.js';
export { loadModule, relaySql, type LoadedModule, type Migration } from './sql-module.js';
export { defaultMigrateOptions, migrate, type MigrateOptions, type MigrateResult, type MigrateStep } from './migrate.js';
