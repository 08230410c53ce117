import type { Event } from './model-types.js';
import type { RelayModel } from './relay-model.js';

/** The model in the form in which RealRelay.look() tells of the database. */
export function viewOf(model: RelayModel): object {
  const events = [...model.events.values()].sort((a, b) => Number(BigInt(a.id) - BigInt(b.id)));
  const counts = ({ id, channel, attempt, retried, lost, key, payload }: Event) => ({
    ...{ id, channel, attempt, retried, lost, key, payload },
  });
  return {
    waiting: events
      .filter(({ where }) => where === 'queue' || where === 'delayed')
      .map((event) => ({
        ...counts(event),
        state: event.where === 'delayed' ? 'delayed' : event.holder ? 'claimed' : 'ready',
        priority: event.priority,
        slot: event.holder?.slot ?? null,
        epoch: event.holder?.epoch ?? null,
        run_at: event.where === 'delayed' ? event.runAt : null,
      })),
    failed: events
      .filter(({ where }) => where === 'failed')
      .map((event) => ({ ...counts(event), reason: event.failure?.reason, code: event.failure?.code })),
    log: events.flatMap(({ id, log }) => log.map(({ attempt, outcome, code }) => [id, attempt, outcome, code])),
    keys: [...model.keys].map(([key, id]) => [...key.split(' '), id]).sort(byText),
    order: Object.fromEntries(
      [...model.channels.keys()]
        .map((name) => [name, model.ready(name).map((event) => event.id)] as const)
        .filter(([, ids]) => ids.length > 0),
    ),
    channels: [...model.channels].sort(byText),
    instances: [...model.instances].sort(([a], [b]) => a - b).map(([slot, { epoch, alive }]) => [slot, epoch, alive]),
    effects: events.flatMap(({ id }) => (model.effects.has(id) ? [[id, model.effects.get(id)]] : [])),
  };
}

const byText = (a: readonly string[], b: readonly string[]) => (a.join(' ') < b.join(' ') ? -1 : 1);
