/** A channel that is drained: how many keys its events have, and what is limited. */
export interface Contender {
  readonly name: string;
  readonly channel: string;
  readonly keys: number;
  readonly limits?: { concurrency?: number; fifo?: boolean; fair?: boolean; rate?: number };
}

const KEYS = 10_000;

export const plain: Contender = { name: 'no limit, no key', channel: 'limits.plain', keys: 0 };
export const keyed: Contender = { name: `no limit, ${KEYS} keys`, channel: 'limits.keyed', keys: KEYS };
export const fifo: Contender = {
  name: `in order by key, ${KEYS} keys`,
  channel: 'limits.fifo',
  keys: KEYS,
  limits: { fifo: true },
};
export const fair: Contender = {
  name: `keys in turn, ${KEYS} keys`,
  channel: 'limits.fair',
  keys: KEYS,
  limits: { fair: true },
};
export const concurrency: Contender = {
  name: '64 at once',
  channel: 'limits.concurrency',
  keys: 0,
  limits: { concurrency: 64 },
};
export const rate: Contender = {
  name: 'a rate that is never reached',
  channel: 'limits.rate',
  keys: 0,
  limits: { rate: 1_000_000 },
};

/** What is drained in turns. */
export const contenders: readonly Contender[] = [plain, keyed, fifo, fair, concurrency, rate];
