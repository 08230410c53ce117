import fc from 'fast-check';
import { expect } from 'vitest';
import { type AskedOutcome, type Claim, SQLSTATES } from './model-types.js';
import type { RelayModel } from './relay-model.js';
import { alike, handled, isCut, limit, nth, pick, processor, Step, someProcessor } from './step.js';

/** `lost`: committed, and the reply never came. */
export const claim = fc.tuple(nth, handled, limit, fc.constantFrom('', '', '', '', 'cut', 'reply lost')).map(
  ([n, name, many, fault]) =>
    new Step(
      `claim(${n}, ${name}, ${many})${fault && `, ${fault}`}`,
      (model) => someProcessor(model) && model.channels.has(name),
      async (model, real) => {
        const fence = processor(model, n);
        if (fault === 'cut') return real.cut(() => real.claim(fence, name, many));
        let claimed: Claim[] = [];
        const ids = () => {
          claimed = model.claim(fence, name, many);
          return claimed.map(({ id }) => id);
        };
        await alike(ids, () => real.claim(fence, name, many));
        if (fault === '') model.claims.push(...claimed);
      },
    ),
);

/** Claims to act on: the last ones rather than the first, all of one Processor, and some that hold no longer. */
function chosen(model: Readonly<RelayModel>, picks: readonly number[]): Claim[] {
  const recent = model.claims.toReversed();
  const all = picks.map((n) => pick(recent, n));
  return all.filter(({ slot, epoch }) => slot === all[0]?.slot && epoch === all[0]?.epoch);
}
const picks = fc.array(fc.nat(7), { minLength: 1, maxLength: 4 });
const someClaim = (model: Readonly<RelayModel>) => model.claims.length > 0;
const outcome = fc.constantFrom<AskedOutcome>(
  'done',
  'done',
  'cancelled',
  'failed',
  'retried',
  'snoozed',
  'error',
  'error',
);
const problem = fc.constantFrom(
  { sqlstate: '40001', code: 'handler_error' },
  { sqlstate: '22012', code: 'handler_error' },
  { sqlstate: null, code: 'handler_error' },
);
export const settle = fc.tuple(picks, outcome, fc.constantFrom(0, 2_000, 70_000), problem, isCut).map(
  ([indices, asked, delayMs, error, cut]) =>
    new Step(
      `settle([${indices}], ${asked}, ${asked === 'error' ? error.sqlstate : delayMs})${cut ? ', cut' : ''}`,
      someClaim,
      async (model, real) => {
        const claims = chosen(model, indices);
        const why = asked === 'error' || asked === 'failed' ? error : null;
        if (cut) return real.cut(() => real.settle(claims, asked, delayMs, why));
        const ends = model.settle(claims, asked, delayMs, why).map((one) => one.outcome);
        expect((await real.settle(claims, asked, delayMs, why)).sort()).toEqual(ends.sort());
      },
    ),
);
export const release = fc.tuple(picks, isCut).map(
  ([indices, cut]) =>
    new Step(`release([${indices}])${cut ? ', cut' : ''}`, someClaim, async (model, real) => {
      const claims = chosen(model, indices);
      const [first] = claims;
      if (first === undefined) return;
      const ids = claims.map(({ id }) => id);
      if (cut) return real.cut(() => real.release(first, ids));
      await alike(
        () => model.release(first, ids),
        () => real.release(first, ids),
      );
    }),
);

export const runBatch = fc.tuple(nth, fc.integer({ min: 1, max: 40 }), fc.boolean(), isCut).map(
  ([n, many, singly, cut]) =>
    new Step(
      `runBatch(${n}, ${many}${singly ? ', singly' : ''})${cut ? ', cut' : ''}`,
      (model) => someProcessor(model) && model.channels.has('sql'),
      async (model, real) => {
        const fence = processor(model, n);
        if (cut) return real.cut(() => real.runBatch(fence, 'sql', many, singly));
        await alike(
          () => model.runBatch(fence, 'sql', many),
          () => real.runBatch(fence, 'sql', many, singly),
        );
      },
    ),
);
export const failUnclaimed = fc.tuple(nth, nth, fc.constantFrom(...Object.values(SQLSTATES), '57014')).map(
  ([n, which, sqlstate]) =>
    new Step(
      `failUnclaimed(${n}, ${which}, ${sqlstate})`,
      (model) => someProcessor(model) && model.ready('sql').length > 0,
      async (model, real) => {
        const fence = processor(model, n);
        const { id } = pick(model.ready('sql'), which);
        const error = { sqlstate, code: 'action_timeout' };
        await alike(
          () => model.failUnclaimed(fence, id, error),
          () => real.failUnclaimed(fence, id, error),
        );
      },
    ),
);
