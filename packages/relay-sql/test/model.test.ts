import { useDatabase } from '@pgrelay/test-support';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { steps } from './support/model/commands.js';
import { CHANNELS, RealRelay } from './support/model/real-relay.js';
import { RelayModel } from './support/model/relay-model.js';

const db = useDatabase();
/** How many random runs. One that fails is shrunk to its fewest steps; PGRELAY_MODEL_SEED repeats what the title names. */
const numRuns = Number(process.env.PGRELAY_MODEL_RUNS ?? 100);
const seed =
  process.env.PGRELAY_MODEL_SEED === undefined ? Date.now() % 2 ** 31 : Number(process.env.PGRELAY_MODEL_SEED);

test(`random operations and crashes: after every step the relay is as the model says (seed ${seed})`, async () => {
  const real = await RealRelay.open(db);
  const outcomes = new Set<string>();
  await fc.assert(
    fc.asyncProperty(fc.noBias(fc.commands(steps, { maxCommands: 100, size: 'max' })), async (commands) => {
      await real.reset();
      const model = new RelayModel();
      for (const name of CHANNELS) model.channels.set(name, 'active');
      expect(await real.attach()).toEqual(model.attach());
      await fc.asyncModelRun(() => ({ model, real }), commands);
      for (const event of model.events.values()) for (const { outcome } of event.log) outcomes.add(outcome);
    }),
    { numRuns, seed, interruptAfterTimeLimit: 900_000 },
  );
  // A hundred runs have a hundred of each of these: with none of one, the steps no longer lead there.
  if (numRuns >= 100) expect([...outcomes]).toEqual(expect.arrayContaining(['done', 'failed', 'lost', 'retried']));
}, 1_800_000);
