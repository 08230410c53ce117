import type { NotifyOptions } from '../client.js';
import { gateway } from '../db/gateway.js';
import type { Queryable } from '../db/queryable.js';
import type { BatchContext } from '../handlers/context.js';

const noted = new WeakMap<Queryable, Set<string>>();

/**
 * A context that notices when a handler sends its own channel an event for later, and has the database note it: when such a
 * channel's event fails for good and none waits, its recurrence has ended, and that is a problem row. Once per channel and
 * Processor; a note that could not be written is written with the next event.
 */
export function noticingRecurrence(ctx: BatchContext, own: string, control: Queryable): BatchContext {
  const note = async (channel: string, all: readonly Pick<NotifyOptions, 'runAt' | 'delayMs'>[]) => {
    const channels = noted.get(control) ?? new Set();
    const isLater = all.some(({ runAt, delayMs }) => runAt !== undefined || delayMs !== undefined);
    if (channel !== own || !isLater || channels.has(own)) return;
    await gateway.noteRecurrence(control, own).then(
      () => noted.set(control, channels.add(own)),
      () => undefined,
    );
  };
  return {
    ...ctx,
    async notify(channel, payload, options = {}) {
      const id = await ctx.notify(channel, payload, options);
      await note(channel, [options]);
      return id;
    },
    async notifyMany(channel, events, options) {
      const ids = await ctx.notifyMany(channel, events, options);
      await note(channel, events);
      return ids;
    },
  };
}
