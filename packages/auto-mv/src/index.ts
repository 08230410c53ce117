export { type AutoMvOptions, defaultAutoMvOptions } from './options.js';
export { autoMv } from './plugin.js';
export { refreshChannel } from './refresh-handler.js';
export { autoMvSql } from './sql-module.js';
export { waitUntilFresh } from './wait-until-fresh.js';
