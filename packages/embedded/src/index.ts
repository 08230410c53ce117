export { findBinaries } from './binaries.js';
export { EmbeddedError, type EmbeddedErrorCode } from './errors.js';
export type { EmbeddedOptions, EmbeddedServer } from './options.js';
export { startEmbedded, stopAbandoned } from './start-embedded.js';
