import { defineHandler } from '@pgrelay/relay-core';

/** A leased handler with defaults that does nothing. */
export const handlers = [defineHandler('no-op.handler', async () => undefined)];
