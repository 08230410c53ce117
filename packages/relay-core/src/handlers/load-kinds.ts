import { gateway } from '../db/gateway.js';
import type { Queryable } from '../db/queryable.js';
import type { HandlerDefinition } from './handler-definition.js';
import type { HandlerKind } from './handler-kind.js';

/** Asks the plugins for the handlers of the channels that are registered with their kinds; by the ids of the channels. */
export async function loadKinds(
  db: Queryable,
  kinds: readonly HandlerKind[],
): Promise<ReadonlyMap<number, HandlerDefinition>> {
  const served = new Map<number, HandlerDefinition>();
  if (kinds.length === 0) return served;
  const all = await gateway.kindChannels(
    db,
    kinds.map(({ kind }) => kind),
  );
  for (const kind of kinds) {
    const channels = all.filter((channel) => channel.kind === kind.kind).map(({ id, name }) => ({ id, name }));
    const ids = new Map(channels.map(({ id, name }) => [name, id]));
    for (const handler of await kind.load(db, channels)) {
      const id = ids.get(handler.channel);
      if (id !== undefined && handler.mode === 'leased') served.set(id, handler);
    }
  }
  return served;
}
