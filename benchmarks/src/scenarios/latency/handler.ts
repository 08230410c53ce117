import { defineHandler } from '@pgrelay/relay-core';
import { Starts } from './starts.js';

const starts = new Starts();

/** A leased handler with defaults that notes when it starts. */
export const handlers = [
  defineHandler('latency.handler', async ({ payload }) => {
    starts.note(payload.n);
  }),
];

export const methods = { starts: () => starts.taken() };
