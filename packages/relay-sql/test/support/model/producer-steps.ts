import fc from 'fast-check';
import { expect } from 'vitest';
import { Refused } from './model-types.js';
import type { RelayModel } from './relay-model.js';
import { always, channel, isCut, Step, sent } from './step.js';

export const notify = fc.tuple(channel, sent, isCut).map(
  ([name, one, cut]) =>
    new Step(`notify(${name}, ${JSON.stringify(one)})${cut ? ', cut' : ''}`, always, async (model, real) => {
      if (cut) return real.cut(() => real.notify(name, one));
      let result: ReturnType<RelayModel['notify']> | undefined;
      try {
        result = model.notify(name, one);
      } catch (error) {
        if (!(error instanceof Refused)) throw error;
        await expect(real.notify(name, one)).rejects.toMatchObject({ code: error.code });
        return;
      }
      const id = await real.notify(name, one);
      if ('joined' in result) expect(id, 'joins the waiting event').toBe(result.joined);
      else result.add(id);
    }),
);

export const notifyMany = fc.tuple(channel, fc.array(sent, { minLength: 2, maxLength: 8, size: 'max' }), isCut).map(
  ([name, all, cut]) =>
    new Step(`notifyMany(${name}, ${JSON.stringify(all)})${cut ? ', cut' : ''}`, always, async (model, real) => {
      if (cut) return real.cut(() => real.notifyMany(name, all));
      const state = model.channels.get(name);
      if (state === undefined || state === 'disabled') {
        await expect(real.notifyMany(name, all)).rejects.toMatchObject({
          code: state === undefined ? 'PR001' : 'PR002',
        });
        return;
      }
      model.notifyMany(name, all, await real.notifyMany(name, all));
    }),
);
