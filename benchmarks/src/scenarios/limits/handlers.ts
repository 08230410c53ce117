import { defineHandler } from '@pgrelay/relay-core';
import { contenders } from './contenders.js';

/** Leased handlers with defaults that do nothing, one for each contender. */
export const handlers = contenders.map(({ channel }) => defineHandler(channel, async () => undefined));
