import { defineHandler } from '@pgrelay/relay-core';
import { until, useDatabase } from '@pgrelay/test-support';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { adaptiveConcurrency, Concurrency } from '../src/flow/concurrency.js';
import { type Claimed, Prefetch } from '../src/flow/prefetch.js';
import { Deadlines } from '../src/lifecycle/deadlines.js';
import { running } from './support/running.js';

const db = useDatabase();
const events = (n: number): Claimed[] => Array.from({ length: n }, () => ({}) as Claimed);

/** A channel that always has more, whose handlers end when the test says so. */
function channel(concurrency: number, mayStart = () => true) {
  const started: Claimed[] = [];
  const prefetch = new Prefetch(new Concurrency(concurrency), (claimed) => void started.push(claimed), mayStart);
  let running = 0;
  return {
    prefetch,
    get running() {
      return started.length - running;
    },
    /** Claims what it wants; how many that was. */
    claim(now: number): number {
      const want = prefetch.want(now);
      if (want > 0) prefetch.arrived(events(want), want, now);
      return want;
    },
    /** One handler ends; whether more is to be claimed. */
    end(now: number): boolean {
      running += 1;
      return prefetch.ended(now);
    },
  };
}

describe('events that are claimed ahead', () => {
  test('of slow handlers are none: no more than may run at once', () => {
    const slow = channel(4);
    expect(slow.claim(0)).toBe(4);
    expect(slow.claim(1)).toBe(0);
    for (let now = 1_000; now < 20_000; now += 1_000) {
      expect(slow.end(now)).toBe(true);
      expect(slow.claim(now)).toBe(1);
      expect(slow.running).toBe(4);
    }
  });

  test('of quick handlers grow to a thousand, and shrink when they turn slow', () => {
    const quick = channel(4);
    let now = 0;
    let most = 0;
    for (let n = 0; n < 50_000; n += 1) {
      if (n % 100 === 0) now += 1;
      if (quick.running === 0 || quick.end(now)) most = Math.max(most, quick.claim(now));
    }
    expect(most).toBeGreaterThan(500);
    expect(quick.prefetch.waiting).toBeLessThanOrEqual(1_000);
    for (let n = 0; n < 40; n += 1) {
      now += 1_000;
      quick.end(now);
    }
    while (quick.prefetch.waiting > 0) {
      now += 1_000;
      quick.end(now);
    }
    expect(quick.claim(now)).toBeLessThanOrEqual(4);
  });

  test('are asked for again when there is room, if somebody knew of more while there was none', () => {
    const quick = channel(4);
    let want = quick.prefetch.want(0);
    while (want < 64) {
      quick.prefetch.arrived(events(want), want, 0);
      while (quick.running > 0 && !quick.end(0));
      want = quick.prefetch.want(0);
    }
    const most = want - 8;
    quick.prefetch.arrived(events(most), want, 0); // all there was
    expect(quick.claim(1)).toBe(0); // a hint came: there is more, and no room
    let asks = false;
    while (quick.running > 0 && !asks) asks = quick.end(2);
    expect(asks).toBe(true);
  });

  test('never run more at once than the limit, and none once the Processor drains', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 20 }), fc.array(fc.boolean(), { maxLength: 200 }), (limit, steps) => {
        let draining = false;
        const any = channel(limit, () => !draining);
        for (const [now, ends] of steps.entries()) {
          if (ends && any.running > 0) any.end(now);
          else any.claim(now);
          expect(any.running).toBeLessThanOrEqual(limit);
        }
        draining = true;
        const left = any.prefetch.waiting;
        while (any.running > 0) any.end(steps.length);
        expect(any.prefetch.giveUp()).toHaveLength(left);
      }),
    );
  });

  test('and have not started when it stops go back, uncounted', async () => {
    let open = (): void => undefined;
    const gate = new Promise<void>((resolve) => {
      open = resolve;
    });
    let runs = 0;
    const handler = defineHandler('a.ahead', { concurrency: 1 }, async () => {
      runs += 1;
      if (runs === 400) await gate;
    });
    await db.query("select pgrelay.register_channel('a.ahead')");
    await db.query("select pgrelay.notify_many('a.ahead', array_agg(i::text)) from generate_series(1, 800) i");
    const { processor } = await running(db, { handlers: [handler] });
    const states = () =>
      db.query<{ state: string; n: number; attempts: number }>(
        "select state, count(*)::int as n, max(attempt) as attempts from pgrelay.events where channel = 'a.ahead' group by state",
      );
    await until(async () => runs === 400, 'the gate is reached');
    expect((await states()).find(({ state }) => state === 'claimed')?.n).toBeGreaterThan(1);
    const stopped = processor.stop();
    open();
    await stopped;
    expect(await states()).toEqual([{ state: 'ready', n: 400, attempts: 0 }]);
    expect(runs).toBe(400);
  });
});

describe('concurrency that is not given', () => {
  test('begins at 16, and a given one stays whatever handlers do', () => {
    expect(new Concurrency(undefined).limit).toBe(adaptiveConcurrency.first);
    const fixed = new Concurrency(3);
    fixed.learn(true, Number.MAX_SAFE_INTEGER);
    expect(fixed.limit).toBe(3);
  });

  test('grows while events wait and the event loop has time, and falls back while the loop is busy', () => {
    let busy = 0.1;
    const adaptive = new Concurrency(undefined, () => busy);
    let now = performance.now();
    const learn = (waiting: boolean) => {
      for (let n = 0; n < 20; n += 1) {
        now += adaptiveConcurrency.everyMs;
        adaptive.learn(waiting, now);
      }
      return adaptive.limit;
    };
    expect(learn(false)).toBe(adaptiveConcurrency.first);
    expect(learn(true)).toBe(adaptiveConcurrency.most);
    busy = 0.8;
    expect(learn(true)).toBe(adaptiveConcurrency.most);
    busy = 0.95;
    expect(learn(true)).toBe(adaptiveConcurrency.least);
  });
});

test('time limits end what is overdue, in order, and nothing that ended before', async () => {
  const deadlines = new Deadlines();
  const over: string[] = [];
  await new Promise<void>((resolve) => {
    const mark = (name: string) => ({ timeUp: () => void over.push(name) });
    const ended = mark('ended');
    deadlines.add(20, mark('first'));
    deadlines.add(20, ended);
    deadlines.add(20, { timeUp: resolve });
    deadlines.add(5, mark('short'));
    deadlines.remove(20, ended);
  });
  expect(over).toEqual(['short', 'first']);
});
