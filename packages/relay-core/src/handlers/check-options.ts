import { RelayError } from '@pgrelay/relay-sql';
import { type ChannelDefinition, nameOf } from '../channels/define-channel.js';
import { isStandardSchema } from '../payload/standard-schema.js';
import { checkBreaker } from './breaker-option.js';
import { checkDebounce } from './debounce-option.js';
import { defaultHandlerOptions, type HandlerDefinition, type HandlerOptions } from './handler-definition.js';
import { checkLimits } from './limits-option.js';
import { readRetry } from './retry-option.js';

/** Fills defaults in and refuses what cannot work, where the handler is defined. */
export function checkOptions(
  to: string | ChannelDefinition,
  options: HandlerOptions,
): Omit<HandlerDefinition, 'run' | 'isClass'> {
  const channel = typeof to === 'object' && to !== null ? nameOf(to) : to;
  const wrong = (what: string, value: unknown, hint: string) =>
    new RelayError(
      'RELAY_HANDLER_INVALID',
      `handler of channel ${JSON.stringify(channel)}: ${what} is ${JSON.stringify(value)}`,
      { hint },
    );
  const {
    mode = defaultHandlerOptions.mode,
    payload = typeof to === 'object' && to !== null ? to.payload : defaultHandlerOptions.payload,
    batch,
    concurrency = batch === undefined ? undefined : 1,
    timeoutMs,
  } = options;
  if (typeof channel !== 'string' || channel === '')
    throw wrong('the channel', channel, 'Give the name of the channel as a non-empty string.');
  if (mode !== 'leased' && mode !== 'transactional') throw wrong('mode', mode, "It is 'leased' or 'transactional'.");
  if (payload !== 'json' && payload !== 'text' && !isStandardSchema(payload))
    throw wrong('payload', payload, "It is 'json', 'text' or a Standard Schema.");
  if (concurrency !== undefined && (!Number.isInteger(concurrency) || concurrency < 1 || concurrency > 10_000)) {
    throw wrong('concurrency', concurrency, 'It is a whole number from 1 to 10000.');
  }
  if (timeoutMs !== undefined && !(timeoutMs > 0 && timeoutMs <= 2 ** 31 - 1))
    throw wrong('timeoutMs', timeoutMs, 'It is a positive number of ms.');
  if (batch !== undefined) {
    if (!Number.isInteger(batch) || batch < 1 || batch > 1_000)
      throw wrong('batch', batch, 'It is a whole number from 1 to 1000.');
    if (mode !== 'leased') throw wrong('batch', batch, 'Only a leased handler takes batches.');
  }
  const retry = options.retry === undefined ? undefined : readRetry(options.retry, wrong);
  const breaker = options.breaker === undefined ? undefined : checkBreaker(options.breaker, wrong);
  const limits = options.limits === undefined ? undefined : checkLimits(options.limits, wrong);
  const debounce = options.debounce === undefined ? undefined : checkDebounce(options.debounce, wrong);
  return { channel, mode, payload, concurrency, batch, timeoutMs, retry, breaker, limits, debounce };
}
