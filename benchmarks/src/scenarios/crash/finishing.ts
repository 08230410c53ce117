import { defineHandler } from '@pgrelay/relay-core';
import { HANDLER } from './handler-options.js';

/** Handlers that are done at once. */
export const handlers = [defineHandler('crash', HANDLER, async () => undefined)];
