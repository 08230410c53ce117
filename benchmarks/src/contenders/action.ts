/** What an event does in a drain: nothing, or one row inserted into bench.effect. */
export type Action = 'no-op' | 'one-row';
