import fc from 'fast-check';
import { alike, always, channel, isCut, limit, nth, pick, Step } from './step.js';

export const setState = fc.tuple(channel, fc.constantFrom('active', 'active', 'active', 'paused', 'disabled')).map(
  ([name, state]) =>
    new Step(
      `setState(${name}, ${state})`,
      always,
      async (model, real) =>
        void (await alike(
          () => model.setState(name, state),
          () => real.setState(name, state),
        )),
    ),
);
export const drop = fc.tuple(channel, fc.boolean(), isCut).map(
  ([name, force, cut]) =>
    new Step(`drop(${name}${force ? ', by force' : ''})${cut ? ', cut' : ''}`, always, async (model, real) => {
      if (cut) return real.cut(() => real.drop(name, force));
      await alike(
        () => model.drop(name, force),
        () => real.drop(name, force),
      );
    }),
);
export const register = channel.map(
  (name) =>
    new Step(
      `register(${name})`,
      (model) => !model.channels.has(name),
      async (model, real) => {
        model.channels.set(name, 'active');
        await real.register(name);
      },
    ),
);
export const redrive = fc.tuple(nth, isCut).map(
  ([n, cut]) =>
    new Step(
      `redrive(${n})${cut ? ', cut' : ''}`,
      (model) => model.events.size > 0,
      async (model, real) => {
        const { id } = pick([...model.events.values()], n);
        if (cut) return real.cut(() => real.redrive(id));
        await alike(
          () => model.redrive(id),
          () => real.redrive(id),
        );
      },
    ),
);
export const snooze = fc.tuple(nth, fc.constantFrom(0, 0, 2_500, 60_000), isCut).map(
  ([n, delayMs, cut]) =>
    new Step(
      `snooze(${n}, ${delayMs})${cut ? ', cut' : ''}`,
      (model) => model.events.size > 0,
      async (model, real) => {
        const { id } = pick([...model.events.values()], n);
        if (cut) return real.cut(() => real.snooze(id, delayMs));
        await alike(
          () => model.snooze(id, delayMs),
          () => real.snooze(id, delayMs),
        );
      },
    ),
);
export const redriveChannel = fc.tuple(channel, fc.option(limit), fc.constantFrom(null, null, 0.5)).map(
  ([name, many, perSecond]) =>
    new Step(
      `redriveChannel(${name}, ${many}, ${perSecond})`,
      always,
      async (model, real) =>
        void (await alike(
          () => model.redriveChannel(name, many, perSecond),
          () => real.redriveChannel(name, many, perSecond),
        )),
    ),
);
