import { AssertionError } from 'node:assert';
import type { Queryable } from '../db/queryable.js';
import type { TestState } from './calls.js';
import { differences, type PayloadMatcher, shown } from './differences.js';
import { eventsOf, type TestEvent } from './events-of.js';

export interface ExpectedEvent {
  readonly channel: string;
  /** Default: any payload. */
  readonly payload?: PayloadMatcher;
  /** Default: any: it waits, runs or has failed. One that is done has no payload any more: see `logOf`. */
  readonly state?: TestState;
  readonly dedupKey?: string;
  readonly priority?: number;
  /** Exactly so many; 0: there is none. Default: at least one. */
  readonly count?: number;
}

/**
 * Asserts that there is such an event, and returns those that fit. Works in the open transaction of the code under test, before it commits, and after.
 * @throws AssertionError (of node:assert) that says which events there are and where they differ
 */
export async function expectEvent(db: Queryable, expected: ExpectedEvent): Promise<TestEvent[]> {
  const all = await eventsOf(db);
  const ofChannel = all.filter(({ channel }) => channel === expected.channel);
  const judged = ofChannel.map((event) => ({ event, wrong: whatIsWrong(event, expected) }));
  const fitting = judged.filter(({ wrong }) => wrong.length === 0).map(({ event }) => event);
  if (expected.count === undefined ? fitting.length > 0 : fitting.length === expected.count) return fitting;
  throw new AssertionError({
    message: [
      `expected ${expected.count ?? 'at least one'} event${expected.count === 1 || expected.count === undefined ? '' : 's'} ${described(expected)}, found ${fitting.length}`,
      ...judged
        .slice(0, 20)
        .map(
          ({ event, wrong }) =>
            `  ${wrong.length === 0 ? 'fits' : 'no'}: ${line(event)}${wrong.map((one) => `\n      ${one}`).join('')}`,
        ),
      ...(judged.length > 20 ? [`  and ${judged.length - 20} more of this channel`] : []),
      ...(judged.length === 0 ? [`  no event of this channel waits, runs or has failed${others(all)}`] : []),
    ].join('\n'),
    expected: expected.count ?? 'at least one',
    actual: fitting.length,
    operator: 'expectEvent',
    stackStartFn: expectEvent,
  });
}

function whatIsWrong(event: TestEvent, { payload, state, dedupKey, priority }: ExpectedEvent): string[] {
  const exact = (name: 'state' | 'dedupKey' | 'priority', value: unknown) =>
    value === undefined || event[name] === value ? [] : [`${name} is ${shown(event[name])} instead of ${shown(value)}`];
  return [
    ...exact('state', state),
    ...exact('dedupKey', dedupKey),
    ...exact('priority', priority),
    ...(payload === undefined ? [] : differences(event.payload, payload)),
  ];
}

function described({ channel, count: _count, ...rest }: ExpectedEvent): string {
  const wanted = Object.entries(rest).map(([name, value]) => `${name} ${shown(value)}`);
  return `of channel ${shown(channel)}${wanted.length === 0 ? '' : ` with ${wanted.join(', ')}`}`;
}

function line({ id, state, payload, runAt, code }: TestEvent): string {
  const when = state === 'delayed' && runAt !== null ? ` until ${runAt.toISOString()}` : '';
  return `event ${id}, ${state}${when}${code === null ? '' : ` (${code})`}, payload ${shown(payload)}`;
}

function others(all: readonly TestEvent[]): string {
  const counts = new Map<string, number>();
  for (const { channel } of all) counts.set(channel, (counts.get(channel) ?? 0) + 1);
  const named = [...counts].slice(0, 10).map(([channel, count]) => `${channel} (${count})`);
  return named.length === 0 ? '' : `; there are some of ${named.join(', ')}`;
}
