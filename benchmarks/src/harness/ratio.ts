import { type Spread, spread } from './spread.js';

/** How one contender stands to another. Rounds are compared with themselves, since the machine changes between them. */
export interface Ratio {
  /** Of the ratios of each round: what bars are judged by. */
  readonly perRound: Spread;
  readonly ofMedians: number;
}

/** Both lists have a figure for each round, in the order of the rounds. */
export function ratio(ours: readonly number[], theirs: readonly number[]): Ratio {
  if (ours.length !== theirs.length)
    throw new RangeError(`${ours.length} rounds cannot be compared with ${theirs.length}`);
  return {
    perRound: spread(ours.map((value, round) => value / (theirs[round] ?? Number.NaN))),
    ofMedians: spread(ours).median / spread(theirs).median,
  };
}
