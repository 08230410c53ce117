/** So many events are in flight when the Processor is killed. */
export const IN_FLIGHT = 1_000;

/** All of them run at once in one Processor. */
export const HANDLER = { concurrency: IN_FLIGHT, timeoutMs: 600_000 } as const;
