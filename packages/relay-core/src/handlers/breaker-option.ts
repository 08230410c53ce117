/**
 * A circuit breaker of the handler's channel, as pgrelay.set_breaker() makes it; kept in the database, for all Processors.
 * What set_breaker() has set for the channel goes before it.
 */
export interface BreakerOptions {
  /** Opens after so many failures in a row. Default: 5, when there is no `share` either. */
  readonly failures?: number;
  /** Opens when this share (0 to 1) of the attempts of a period failed. Default: none. */
  readonly share?: number;
  /** The period of `share`, in ms. Default: 60,000. */
  readonly periodMs?: number;
  /** Attempts in the period before `share` counts. Default: 10. */
  readonly least?: number;
  /** How long it stays open at first, in ms; doubles each time it opens again. Default: 30,000. */
  readonly pauseMs?: number;
  /** … up to this, in ms. Default: 600,000. */
  readonly maxPauseMs?: number;
}

const bounds: Readonly<Record<keyof BreakerOptions, readonly [least: number, most: number, whole: boolean]>> = {
  failures: [1, 1_000_000, true],
  share: [Number.MIN_VALUE, 1, false],
  periodMs: [1_000, 86_400_000, false],
  least: [1, 1_000_000, true],
  pauseMs: [1, 366 * 86_400_000, false],
  maxPauseMs: [1, 366 * 86_400_000, false],
};

/** Refuses what cannot work; `refuse` makes the error. */
export function checkBreaker(
  given: BreakerOptions,
  refuse: (what: string, value: unknown, hint: string) => Error,
): BreakerOptions {
  if (given === null || typeof given !== 'object')
    throw refuse('breaker', given, `It is an object: { ${Object.keys(bounds).join(', ')} }, each optional.`);
  for (const [name, [least, most, whole]] of Object.entries(bounds)) {
    const value = given[name as keyof BreakerOptions];
    const fits = value === undefined || (value >= least && value <= most && (!whole || Number.isInteger(value)));
    if (!fits)
      throw refuse(
        `breaker.${name}`,
        value,
        whole ? `A whole number, ${least} to ${most}.` : `A number, at most ${most}.`,
      );
  }
  if (given.share === undefined && (given.periodMs !== undefined || given.least !== undefined))
    throw refuse('breaker.share', given.share, 'periodMs and least belong to a share.');
  if ((given.pauseMs ?? 0) > (given.maxPauseMs ?? Number.POSITIVE_INFINITY))
    throw refuse('breaker.pauseMs', given.pauseMs, 'It is at most maxPauseMs.');
  return given;
}
