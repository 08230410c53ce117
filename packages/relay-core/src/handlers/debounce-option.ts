/**
 * How the handler's channel is debounced, as pgrelay.set_debounce() does it; kept in the database, for all Processors. Events
 * with the same `dedupKey` (without one: all of the channel) collapse into one, which runs with the payload of the newest.
 * What set_debounce() has set for the channel goes before it.
 */
export interface DebounceOptions {
  /** It runs so long after the last of them, in ms. 0 with a cooldown: the first runs at once. */
  readonly lagMs: number;
  /** … but no longer than this after the first, in ms. Default: 0, no maximum. */
  readonly maxWaitMs?: number;
  /** … and never before this time after the last one has ended, in ms, which wins. Default: 0. */
  readonly cooldownMs?: number;
}

const longestMs = 366 * 86_400_000;
const names = ['lagMs', 'maxWaitMs', 'cooldownMs'] as const;

/** Refuses what cannot work; `refuse` makes the error. */
export function checkDebounce(
  given: DebounceOptions,
  refuse: (what: string, value: unknown, hint: string) => Error,
): DebounceOptions {
  if (given === null || typeof given !== 'object' || given.lagMs === undefined)
    throw refuse('debounce', given, 'It is an object: { lagMs, maxWaitMs, cooldownMs }, the latter two optional.');
  for (const name of names) {
    const value = given[name];
    if (value !== undefined && !(typeof value === 'number' && value >= 0 && value <= longestMs))
      throw refuse(`debounce.${name}`, value, 'A number of ms, 0 to 366 days.');
  }
  if (given.lagMs === 0 && (given.cooldownMs ?? 0) === 0)
    throw refuse('debounce.lagMs', 0, 'Give a lagMs or a cooldownMs above 0, or nothing would collapse.');
  return given;
}
