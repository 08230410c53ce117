/** An order of the first writer, and when its commit was acknowledged; both rise. */
export interface Commit {
  readonly order: number;
  readonly at: number;
}

/** The latest order that the view had at a time. */
export interface Sighting {
  readonly latest: number;
  readonly at: number;
}

export interface Staleness {
  /** From the commit of an order to the first look that found it in the view, in ms. */
  readonly ms: readonly number[];
  /** Orders that no look has found. */
  readonly never: number;
}

/** How long each order was missing from the view. The latest may be lower than it was: then what it was does not count as seen again. */
export function staleness(commits: readonly Commit[], sightings: readonly Sighting[]): Staleness {
  const ms: number[] = [];
  let look = 0;
  for (const { order, at } of commits) {
    while (look < sightings.length && (sightings[look]?.latest ?? 0) < order) look += 1;
    const seen = sightings[look];
    if (seen === undefined) return { ms, never: commits.length - ms.length };
    ms.push(Math.max(0, seen.at - at));
  }
  return { ms, never: 0 };
}
