import { inject } from 'vitest';
import type { Lane } from './lane.js';
import './provided.js';

export { type ExtensionServer, extensionServer } from './extension-server.js';
export type { Lane } from './lane.js';
export { migrateModules } from './modules.js';
export { OwnServer, type OwnServerOptions } from './own-server.js';
export { type PostgresClients, postgresClients } from './postgres-clients.js';
export type { Session } from './session.js';
export { promote, startStandby, untilReplayed } from './start-standby.js';
export { TcpProxy } from './tcp-proxy.js';
export type { Login, TestDatabase } from './test-database.js';
export { until } from './until.js';
export { type UseDatabaseOptions, useDatabase } from './use-database.js';

/** The lane of this run, for the few tests that must differ. */
export function lane(): Lane {
  return inject('pgrelay').lane;
}
