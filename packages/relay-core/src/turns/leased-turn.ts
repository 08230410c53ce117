import { Concurrency } from '../flow/concurrency.js';
import { dispatch } from '../flow/dispatch.js';
import { type Claimed, Prefetch } from '../flow/prefetch.js';
import type { HandlerDefinition } from '../handlers/handler-definition.js';
import { moreIf, type Turn, type TurnEnd } from './turn.js';

/** Claims what a leased handler has room for; its events run beside the worker, and their ends are written together. */
export async function leasedTurn(turn: Turn, handler: HandlerDefinition): Promise<TurnEnd> {
  const prefetch = prefetchOf(turn, handler);
  prefetch.limited = turn.channel.limited !== null;
  prefetch.ahead = !turn.channel.breaker && turn.channel.limited !== 'channel';
  const want = prefetch.want(performance.now());
  if (want === 0) return 'full';
  let events: Claimed[] = [];
  try {
    events = await turn.claim(want);
  } finally {
    prefetch.arrived(events, want, performance.now());
  }
  return moreIf(events.length > 0); // fewer than asked for need not be all: one that was lost before comes alone
}

/** The events of this channel that wait in this Processor for their handler. */
function prefetchOf(turn: Turn, handler: HandlerDefinition): Prefetch {
  const { shared, channel } = turn;
  const existing = shared.prefetched.get(channel.id);
  if (existing !== undefined) return existing;
  const start = ({ claimed: claim, event }: Claimed) => {
    turn.tellStarted(claim);
    const startedAt = performance.now();
    const current = shared.handlers.get(channel.id) ?? handler; // a kind's handler changes with its channel
    const env = { ...turn.environment(current, claim.fence), db: shared.control, claim };
    void dispatch(event, current, env).then((attempt) => {
      const finishedAt = performance.now();
      const free = () => {
        if (prefetch.ended(finishedAt)) shared.wakeFor(channel.id);
      };
      const { ahead, limited } = prefetch;
      const written = () => {
        if (!ahead) free();
        if (limited && prefetch.isLow()) shared.wakeFor(channel.id);
      };
      shared.settler.add({ claim, attempt, startedAt, finishedAt, ...(ahead && !limited ? {} : { written }) });
      if (ahead) free();
    });
  };
  const prefetch = new Prefetch(
    new Concurrency(() => (shared.handlers.get(channel.id) ?? handler).concurrency),
    start,
    () => !shared.draining,
  );
  shared.prefetched.set(channel.id, prefetch);
  return prefetch;
}
