export { createMvClient, type MvClient } from './client/mv-client.js';
export type { MvFreshness } from './client/mv-freshness.js';
export type { MvProblem } from './client/mv-gateway.js';
export type { MvName } from './client/mv-name.js';
export type { AlterMvOptions, MvEvent, MvSettings, MvWatch, RegisterMvOptions } from './client/mv-settings.js';
export { type AutoMvOptions, defaultAutoMvOptions } from './options.js';
export { autoMv } from './plugin.js';
export { refreshChannel } from './refresh-handler.js';
export { autoMvSql } from './sql-module.js';
