/**
 * Runs every contender once a round, and starts each round with the next one, so that whatever else the machine does, and
 * whatever one leaves behind for the next, hits all alike. The results are in the order of the rounds.
 */
export async function interleave<C, R>(
  contenders: readonly C[],
  rounds: number,
  run: (contender: C, round: number) => Promise<R>,
): Promise<ReadonlyMap<C, readonly R[]>> {
  const results = new Map<C, R[]>(contenders.map((contender) => [contender, []]));
  for (let round = 0; round < rounds; round += 1) {
    for (let turn = 0; turn < contenders.length; turn += 1) {
      const contender = contenders[(turn + round) % contenders.length];
      if (contender !== undefined) results.get(contender)?.push(await run(contender, round));
    }
  }
  return results;
}
