/**
 * Limits of the handler's channel over all Processors, as pgrelay.set_limits() makes them. What set_limits() has set for the
 * channel goes before them. Not to be confused with the option `concurrency`, which is of one Processor.
 */
export interface LimitOptions {
  /** So many events run at once. Default: no limit. */
  readonly concurrency?: number;
  /** Of each `key` so many run at once. Default: no limit; 1 with `fifo`. */
  readonly keyConcurrency?: number;
  /** Events of a key run one after the other, in the order of their ids, retries included. Default: false. */
  readonly fifo?: boolean;
  /** Keys take turns, however many events one of them has. Default: false. */
  readonly fair?: boolean;
  /** So many events start … Default: no limit. */
  readonly rate?: number;
  /** … in any period of this length, in ms: 100 to 31 days. */
  readonly ratePeriodMs?: number;
}

const counts = ['concurrency', 'keyConcurrency', 'rate'] as const;
const switches = ['fifo', 'fair'] as const;
const names: readonly string[] = [...counts, ...switches, 'ratePeriodMs'];
const longestMs = 31 * 86_400_000;

/** Refuses what cannot work; `refuse` makes the error. */
export function checkLimits(
  given: LimitOptions,
  refuse: (what: string, value: unknown, hint: string) => Error,
): LimitOptions {
  const known = `{ ${names.join(', ')} }`;
  if (given === null || typeof given !== 'object') throw refuse('limits', given, `It is an object: ${known}.`);
  const unknown = Object.keys(given).find((name) => !names.includes(name));
  if (unknown !== undefined) throw refuse(`limits.${unknown}`, given[unknown as never], `Limits are ${known}.`);
  for (const name of counts) {
    const value = given[name];
    if (value !== undefined && !(Number.isInteger(value) && value >= 1 && value <= 1_000_000))
      throw refuse(`limits.${name}`, value, 'A whole number, 1 to 1000000.');
  }
  for (const name of switches)
    if (given[name] !== undefined && typeof given[name] !== 'boolean')
      throw refuse(`limits.${name}`, given[name], 'It is true or false.');
  const { ratePeriodMs } = given;
  if (ratePeriodMs !== undefined && !(ratePeriodMs >= 100 && ratePeriodMs <= longestMs))
    throw refuse('limits.ratePeriodMs', ratePeriodMs, 'A number of ms, 100 to 31 days.');
  if ((given.rate === undefined) !== (ratePeriodMs === undefined))
    throw refuse('limits.rate', given.rate, 'A rate is so many starts in a period: give rate and ratePeriodMs.');
  if (given.fifo === true && (given.keyConcurrency ?? 1) > 1)
    throw refuse('limits.keyConcurrency', given.keyConcurrency, 'In order, one event of a key runs at a time.');
  if (counts.every((name) => given[name] === undefined) && given.fifo !== true && given.fair !== true)
    throw refuse('limits', given, `Give at least one of ${known}, or leave limits out.`);
  return given;
}
