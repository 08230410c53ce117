import { expect, test } from 'vitest';
import { FairGate } from '../src/net/fair-gate.js';

const never = new AbortController().signal;

test('lets so many in, then one for each that leaves, by turns between those who wait', async () => {
  const gate = new FairGate(2);
  expect(gate.enter('a', 60_000, never)).toBe(true);
  expect(gate.enter('a', 60_000, never)).toBe(true);
  const entered: string[] = [];
  const wait = (who: string, name: string) =>
    Promise.resolve(gate.enter(who, 60_000, never)).then((inside) => void entered.push(`${name} ${inside}`));
  const all = [wait('a', 'a1'), wait('a', 'a2'), wait('a', 'a3'), wait('b', 'b1'), wait('c', 'c1')];
  for (let left = 0; left < 5; left += 1) {
    gate.leave();
    await Promise.resolve();
  }
  await Promise.all(all);
  expect(entered).toEqual(['a1 true', 'b1 true', 'c1 true', 'a2 true', 'a3 true']);
  expect(gate.isIdle).toBe(false);
  gate.leave();
  gate.leave();
  expect(gate.isIdle).toBe(true);
});

test('who has waited long enough, or is told to stop, goes without having been inside', async () => {
  const gate = new FairGate(1);
  expect(gate.enter('a', 1, never)).toBe(true);
  expect(await gate.enter('a', 1, never)).toBe(false);
  const stop = new AbortController();
  const waiting = gate.enter('b', 60_000, stop.signal);
  stop.abort();
  expect(await waiting).toBe(false);
  expect(await gate.enter('b', 60_000, stop.signal)).toBe(false);
  gate.leave();
  expect(gate.isIdle).toBe(true);
  expect(gate.enter('c', 60_000, never)).toBe(true);
});
