export { earlierReleases } from './earlier-releases.js';
export { type ExtensionOptions, extensionFiles } from './extension-files.js';
export { installScript } from './install-script.js';
export {
  defaultMigrateOptions,
  type MigrateOptions,
  type MigrateResult,
  type MigrateStep,
  migrate,
} from './migrate.js';
export { RelayError } from './relay-error.js';
export { type ModuleState, type ModuleStatus, schemaStatus } from './schema-status.js';
export type { SqlModule } from './sql-module.js';
export { type LoadedModule, loadModule, type Migration, relaySql } from './sql-module.js';
export { sqlStates, toRelayError } from './sqlstates.js';
export type { StatusConnection } from './status-connection.js';
export {
  defaultUninstallOptions,
  type UninstallItem,
  type UninstallOptions,
  type UninstallResult,
  uninstall,
  uninstallPlan,
} from './uninstall.js';
