import type { NotifyOptions } from '../client.js';
import { gateway } from '../db/gateway.js';
import type { Queryable } from '../db/queryable.js';

const noted = new WeakMap<Queryable, Set<string>>();

/**
 * Notices when a handler sends its own channel an event for later, and has the database note it: when such a channel's event
 * fails for good and none waits, its recurrence has ended, and that is a problem row. Once per channel and Processor; a note that
 * could not be written is written with the next event.
 */
export async function noteRecurrence(
  control: Queryable,
  own: string,
  channel: string,
  events: readonly Pick<NotifyOptions, 'runAt' | 'delayMs'>[],
): Promise<void> {
  if (channel !== own) return;
  const channels = noted.get(control) ?? new Set();
  const isLater = events.some(({ runAt, delayMs }) => runAt !== undefined || delayMs !== undefined);
  if (!isLater || channels.has(own)) return;
  await gateway.noteRecurrence(control, own).then(
    () => noted.set(control, channels.add(own)),
    () => undefined,
  );
}
