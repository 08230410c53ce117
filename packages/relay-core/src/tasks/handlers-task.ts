import { declareHandlers, declarePolicies } from '../attachment.js';
import type { HandlerDefinition } from '../handlers/handler-definition.js';
import type { HandlerKind } from '../handlers/handler-kind.js';
import { loadKinds } from '../handlers/load-kinds.js';
import type { CheckedOptions } from '../options.js';
import type { PeriodicTask } from './periodic-task.js';

/**
 * Looks which channels the handlers serve now: one that was dropped and registered again has another id. None is
 * registered here, or nobody could drop one. Those of a kind are asked for anew: they come, change and go. Hints say that channels have changed; the interval is for those that were missed; a handler whose channel is missing or does not fit waits until it does.
 */
export function handlersTask(
  options: CheckedOptions,
  { definitions, kinds }: { definitions: readonly HandlerDefinition[]; kinds: readonly HandlerKind[] },
  served: Map<number, HandlerDefinition>,
  onChange: () => void,
  everyMs = 300_000,
): PeriodicTask {
  const troubles = new Map<string, string>();
  return {
    name: 'handlers',
    everyMs,
    async run({ control, log }) {
      if (definitions.length === 0 && kinds.length === 0) return;
      const ofKinds = await loadKinds(control, kinds);
      const now = await declareHandlers(control, { ...options, channels: 'require' }, definitions, (name, error) => {
        if (troubles.get(name) !== error.code)
          log.error({ channel: name, code: error.code }, 'the channel of a handler is gone or was changed');
        troubles.set(name, error.code);
      });
      for (const handler of now.values()) troubles.delete(handler.channel);
      for (const [id, handler] of ofKinds) now.set(id, handler);
      for (const id of served.keys()) if (!now.has(id)) served.delete(id);
      const added = [...now].filter(([id, handler]) => served.get(id) !== handler);
      if (added.length === 0) return;
      await declarePolicies(control, new Map(added));
      for (const [id, handler] of added) served.set(id, handler);
      onChange();
    },
  };
}
