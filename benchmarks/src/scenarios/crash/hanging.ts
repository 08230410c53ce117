import { defineHandler } from '@pgrelay/relay-core';
import { HANDLER } from './handler-options.js';

/** Handlers that are never done: their events are in flight until the process is killed. */
export const handlers = [defineHandler('crash', HANDLER, () => new Promise<void>(() => undefined))];
