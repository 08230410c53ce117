import { RelayError } from '@pgrelay/relay-sql';
import type { NotifyRow } from './db/gateway.js';
import type { Queryable } from './db/queryable.js';

/** The longest `dedupWindowMs`. */
const longestWindowMs = 366 * 86_400_000;

/** The longest `delayMs`: a hundred years. */
const longestMs = 100 * 365.25 * 86_400_000;

/** Refuses what PostgreSQL would refuse with an error of its own, or would understand differently. */
export function checkNotify(channel: string, options: NotifyRow, place = ''): void {
  const { runAt, delayMs, priority, dedupKey, dedupWindowMs, key } = options;
  const wrong = (what: string, hint: string) =>
    new RelayError('RELAY_ARGUMENT_INVALID', `${place}${what}, for channel ${JSON.stringify(channel)}`, { hint });
  if (typeof channel !== 'string' || channel.includes('\0'))
    throw new RelayError('RELAY_ARGUMENT_INVALID', `the channel is ${JSON.stringify(channel)}`, {
      hint: 'Give its name as a string without a NUL character, or a definition made by defineChannel().',
    });
  if (runAt !== undefined && delayMs !== undefined)
    throw wrong('both runAt and delayMs are given', 'Give one of them.');
  if (runAt !== undefined && !isTime(runAt))
    throw wrong(`runAt is ${String(runAt)}`, 'It is a valid Date before the year 10000.');
  if (delayMs !== undefined && !(typeof delayMs === 'number' && Math.abs(delayMs) <= longestMs))
    throw wrong(`delayMs is ${String(delayMs)}`, 'It is a number of ms, at most a hundred years.');
  if (priority !== undefined && !(Number.isInteger(priority) && priority >= -32_768 && priority <= 32_767))
    throw wrong(`priority is ${String(priority)}`, 'It is a whole number from -32768 to 32767; lower runs first.');
  if (dedupKey !== undefined && (typeof dedupKey !== 'string' || dedupKey.includes('\0')))
    throw wrong('dedupKey is no text that PostgreSQL can hold', 'It is a string without a NUL character.');
  if (
    key !== undefined &&
    (typeof key !== 'string' || key.includes('\0') || key === '' || Buffer.byteLength(key) > 200)
  )
    throw wrong('key is no text of 1 to 200 octets', 'Give the id of what events of the channel take turns about.');
  if (dedupWindowMs === undefined) return;
  if (dedupKey === undefined) throw wrong('dedupWindowMs is given without dedupKey', 'It says how long that is kept.');
  if (!(typeof dedupWindowMs === 'number' && dedupWindowMs > 0 && dedupWindowMs <= longestWindowMs))
    throw wrong(`dedupWindowMs is ${String(dedupWindowMs)}`, 'It is a number of ms above 0, at most 366 days.');
}

function isTime(value: unknown): boolean {
  if (!(value instanceof Date)) return false;
  const year = value.getUTCFullYear();
  return year >= 1 && year <= 9_999; // false for an invalid Date, whose year is NaN
}

/** @throws RelayError RELAY_TRANSACTION_INVALID for what cannot hold a transaction open */
export function checkTx(tx: Queryable): void {
  const hint =
    'Pass the pg client that has the transaction open, or what fromDrizzle, fromKysely, fromKnex, fromTypeOrm or fromPrisma of @pgrelay/relay-core/tx make of yours.';
  if (typeof tx?.query !== 'function')
    throw new RelayError('RELAY_TRANSACTION_INVALID', 'tx has no function query', { hint });
  if ('totalCount' in tx && 'idleCount' in tx)
    throw new RelayError('RELAY_TRANSACTION_INVALID', 'tx is a pool, which runs each statement on any connection', {
      hint,
    });
}
