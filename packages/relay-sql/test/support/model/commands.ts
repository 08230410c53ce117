import fc from 'fast-check';
import { expect } from 'vitest';
import type { CHANNELS, RealRelay } from './real-relay.js';
import {
  type AskedOutcome,
  type Claim,
  type Fence,
  LEASE_MS,
  Refused,
  type RelayModel,
  type Sent,
  SQLSTATES,
} from './relay-model.js';
import { viewOf } from './view-of-model.js';

type Act = (model: RelayModel, real: RealRelay) => Promise<void>;

/** One step of a run, in the model and in the database; afterwards both must tell the same. */
class Step implements fc.AsyncCommand<RelayModel, RealRelay> {
  constructor(
    readonly text: string,
    readonly possible: (model: Readonly<RelayModel>) => boolean,
    readonly act: Act,
  ) {}
  check(model: Readonly<RelayModel>): boolean {
    return this.possible(model);
  }
  async run(model: RelayModel, real: RealRelay): Promise<void> {
    await this.act(model, real);
    expect(await real.look()).toEqual({ ...viewOf(model), breaches: [] });
  }
  toString(): string {
    return this.text;
  }
}

const always = () => true;
const pick = <T>(all: readonly T[], n: number): T => all[n % all.length] as T;

/** The database must refuse what the model refuses, with the same code, and give what the model gives. */
async function alike<T>(inModel: () => T, inDatabase: () => Promise<unknown>): Promise<T | undefined> {
  let expected: T | undefined;
  let refused: string | undefined;
  try {
    expected = inModel();
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    refused = error.code;
  }
  if (refused !== undefined) {
    await expect(inDatabase(), `refused with ${refused}`).rejects.toMatchObject({ code: refused });
    return undefined;
  }
  expect(await inDatabase()).toEqual(expected);
  return expected;
}

/** Mostly one of those that work; a stale one now and then. */
function processor(model: Readonly<RelayModel>, n: number): Fence {
  const alive = model.processors.filter((fence) => model.alive(fence));
  return pick(n % 6 === 0 || alive.length === 0 ? model.processors : alive, n);
}

const channel = fc.constantFrom<(typeof CHANNELS)[number]>('h1', 'h1', 'h1', 'h2', 'sql', 'sql');
const handled = fc.constantFrom('h1', 'h1', 'h1', 'h2');
const nth = fc.nat(30);
const limit = fc.integer({ min: 1, max: 6 });
const delay = fc.option(fc.constantFrom(-1_000, 0, 1_500, 4_000, 90_000), { freq: 1 });
/** One time in ten the transaction is lost before its commit. */
const isCut = fc.nat(9).map((n) => n === 0);
const sent: fc.Arbitrary<Sent> = fc.record({
  payload: fc.option(fc.constantFrom('ok', 'bad', 'clash')),
  delayMs: delay,
  priority: fc.constantFrom(0, 0, 0, 7, -2),
  key: fc.option(fc.constantFrom('k1', 'k2', 'k3', 'k4'), { freq: 1 }),
});

const notify = fc.tuple(channel, sent, isCut).map(
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

const notifyMany = fc.tuple(channel, fc.array(sent, { minLength: 2, maxLength: 8, size: 'max' }), isCut).map(
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

const someProcessor = (model: Readonly<RelayModel>) => model.processors.length > 0;
const attach = fc.constant(
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
const detach = onProcessor('detach', async (fence, model, real) => {
  model.detach(fence);
  await real.detach(fence);
});
/** A crash, as far as anybody else can tell; or a stop, out of which it wakes. */
const stall = onProcessor('stall', async (fence, model) => {
  const instance = model.instances.get(fence.slot);
  if (instance && model.alive(fence)) instance.stalled = true;
});
const wake = onProcessor('wake', async (fence, model, real) => {
  const instance = model.instances.get(fence.slot);
  if (instance && model.alive(fence)) instance.stalled = false;
  await alike(
    () => model.beat(fence),
    () => real.beat(fence),
  );
});
/** What it holds and does not know of (the reply of its claim was lost), it gives back. */
const reclaim = onProcessor('reclaim', async (fence, model, real) => {
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
const advance = fc
  .constantFrom(1, 1_500, 5_000, LEASE_MS + 1)
  .map((ms) => new Step(`advance(${ms})`, always, (model, real) => passTime(ms, model, real)));
/** The whole of it: killed, found dead, its events taken back, and another in its place. */
const crash = onProcessor('crash', async (fence, model, real) => {
  const instance = model.instances.get(fence.slot);
  if (instance && model.alive(fence)) instance.stalled = true;
  await passTime(LEASE_MS + 1, model, real);
  await alike(
    () => model.bury(),
    () => real.bury(),
  );
  await alike(
    () => model.rescue(),
    () => real.rescue(),
  );
  await alike(
    () => model.attach(),
    () => real.attach(),
  );
});
const promote = fc.constant(
  new Step('promote()', always, async (model, real) => {
    model.promote();
    await real.promote();
  }),
);
const bury = fc.constant(
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
const rescue = isCut.map(
  (cut) =>
    new Step(`rescue()${cut ? ', cut' : ''}`, always, async (model, real) => {
      if (cut) return real.cut(() => real.rescue());
      await alike(
        () => model.rescue(),
        () => real.rescue(),
      );
    }),
);

/** `lost`: committed, and the reply never came. */
const claim = fc.tuple(nth, handled, limit, fc.constantFrom('', '', '', '', 'cut', 'reply lost')).map(
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
const settle = fc.tuple(picks, outcome, fc.constantFrom(0, 2_000, 70_000), problem, isCut).map(
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
const release = fc.tuple(picks, isCut).map(
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

const runBatch = fc.tuple(nth, fc.integer({ min: 1, max: 40 }), fc.boolean(), isCut).map(
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
const failUnclaimed = fc.tuple(nth, nth, fc.constantFrom(...Object.values(SQLSTATES), '57014')).map(
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

const setState = fc.tuple(channel, fc.constantFrom('active', 'active', 'active', 'paused', 'disabled')).map(
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
const drop = fc.tuple(channel, fc.boolean(), isCut).map(
  ([name, force, cut]) =>
    new Step(`drop(${name}${force ? ', by force' : ''})${cut ? ', cut' : ''}`, always, async (model, real) => {
      if (cut) return real.cut(() => real.drop(name, force));
      await alike(
        () => model.drop(name, force),
        () => real.drop(name, force),
      );
    }),
);
const register = channel.map(
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
const redrive = fc.tuple(nth, isCut).map(
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
const redriveChannel = fc.tuple(channel, fc.option(limit), fc.constantFrom(null, null, 0.5)).map(
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

const often = <T>(times: number, step: T): T[] => Array<T>(times).fill(step);

/** What can happen; what moves events is likelier than what ends them all. */
export const steps: fc.Arbitrary<fc.AsyncCommand<RelayModel, RealRelay>>[] = [
  ...[often(5, notify), often(3, notifyMany), often(8, claim), often(8, settle), often(4, runBatch)].flat(),
  ...[release, release, reclaim, failUnclaimed, ...often(3, advance), ...often(4, promote)],
  ...[attach, detach, stall, wake, bury, rescue, ...often(4, crash)],
  ...[setState, drop, register, register, redrive, redrive, redriveChannel],
];
