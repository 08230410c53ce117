import fc from 'fast-check';
import { expect } from 'vitest';
import { type Fence, LEASE_MS } from './model-types.js';
import type { RealRelay } from './real-relay.js';
import type { RelayModel } from './relay-model.js';
import { alike, always, isCut, nth, processor, Step, someProcessor } from './step.js';

export const attach = fc.constant(
  new Step(
    'attach()',
    (model) => [...model.instances.values()].filter((instance) => instance.alive).length < 4,
    async (model, real) =>
      void (await alike(
        () => model.attach(),
        () => real.attach(),
      )),
  ),
);
const onProcessor = (name: string, act: (fence: Fence, model: RelayModel, real: RealRelay) => Promise<void>) =>
  nth.map((n) => new Step(`${name}(${n})`, someProcessor, (model, real) => act(processor(model, n), model, real)));
export const detach = onProcessor('detach', async (fence, model, real) => {
  model.detach(fence);
  await real.detach(fence);
});
/** A crash, as far as anybody else can tell; or a stop, out of which it wakes. */
export const stall = onProcessor('stall', async (fence, model) => {
  const instance = model.instances.get(fence.slot);
  if (instance && model.alive(fence)) instance.stalled = true;
});
export const wake = onProcessor('wake', async (fence, model, real) => {
  const instance = model.instances.get(fence.slot);
  if (instance && model.alive(fence)) instance.stalled = false;
  await alike(
    () => model.beat(fence),
    () => real.beat(fence),
  );
});
/** What it holds and does not know of (the reply of its claim was lost), it gives back. */
export const reclaim = onProcessor('reclaim', async (fence, model, real) => {
  const held = await alike(
    () => model.held(fence).map((event) => event.id),
    () => real.held(fence),
  );
  const known = (id: string) =>
    model.claims.some((claim) => claim.id === id && claim.slot === fence.slot && claim.epoch === fence.epoch);
  const unknown = held?.filter((id) => !known(id)) ?? [];
  await alike(
    () => model.release(fence, unknown),
    () => real.release(fence, unknown),
  );
});

const passTime = async (ms: number, model: RelayModel, real: RealRelay) => {
  model.now += ms;
  await real.setClock(model.now);
  for (const [slot, { epoch, stalled, alive }] of model.instances)
    if (alive && !stalled)
      await alike(
        () => model.beat({ slot, epoch }),
        () => real.beat({ slot, epoch }),
      );
};
export const advance = fc
  .constantFrom(1, 1_500, 5_000, LEASE_MS + 1)
  .map((ms) => new Step(`advance(${ms})`, always, (model, real) => passTime(ms, model, real)));
/** Who waits for a random time after it waits until then in the model too. */
async function rescueBoth(model: RelayModel, real: RealRelay): Promise<void> {
  await alike(
    () => model.rescue(),
    () => real.rescue(),
  );
  for (const event of model.events.values()) {
    if (!Number.isNaN(event.runAt)) continue;
    event.runAt = await real.runAt(event.id);
    expect(event.runAt).toBeGreaterThanOrEqual(model.now);
    expect(event.runAt).toBeLessThanOrEqual(model.now + 10_000);
  }
}
/** The whole of it: killed, found dead, its events taken back, and another in its place. */
export const crash = onProcessor('crash', async (fence, model, real) => {
  const instance = model.instances.get(fence.slot);
  if (instance && model.alive(fence)) instance.stalled = true;
  await passTime(LEASE_MS + 1, model, real);
  await alike(
    () => model.bury(),
    () => real.bury(),
  );
  await rescueBoth(model, real);
  await alike(
    () => model.attach(),
    () => real.attach(),
  );
});
export const promote = fc.constant(
  new Step('promote()', always, async (model, real) => {
    model.promote();
    await real.promote();
  }),
);
export const bury = fc.constant(
  new Step(
    'bury()',
    always,
    async (model, real) =>
      void (await alike(
        () => model.bury(),
        () => real.bury(),
      )),
  ),
);
export const rescue = isCut.map(
  (cut) =>
    new Step(`rescue()${cut ? ', cut' : ''}`, always, async (model, real) => {
      if (cut) return real.cut(() => real.rescue());
      await rescueBoth(model, real);
    }),
);
