import { describe, expect, test } from 'vitest';
import { barTable, isMet } from '../src/harness/bar.js';
import { interleave } from '../src/harness/interleave.js';
import { type Ledger, mismatches } from '../src/harness/ledger.js';
import { cpuMs, peakMiB, title } from '../src/harness/process-facts.js';
import { ratio } from '../src/harness/ratio.js';
import { limits, references } from '../src/harness/references.js';
import { spread } from '../src/harness/spread.js';
import { judgeValidity } from '../src/harness/validity.js';

describe('spread()', () => {
  test('is the middle one of an odd number of rounds, whatever their order', () => {
    expect(spread([30, 10, 20])).toEqual({ median: 20, min: 10, max: 30, rounds: [30, 10, 20] });
  });

  test('is between the two middle ones of an even number', () => {
    expect(spread([1, 100, 4, 2]).median).toBe(3);
  });

  test('of nothing is no number', () => {
    expect(spread([]).median).toBeNaN();
  });
});

describe('ratio()', () => {
  test('compares each round with itself: a round in which the machine was slow for all changes nothing', () => {
    const { perRound, ofMedians } = ratio([200, 20, 300], [100, 10, 100]);
    expect(perRound).toMatchObject({ median: 2, min: 2, max: 3 });
    expect(ofMedians).toBe(2);
    // The medians come from different rounds here, so their ratio is another one.
    const uneven = ratio([200, 20, 120], [100, 10, 40]);
    expect(uneven.perRound.median).toBe(2);
    expect(uneven.ofMedians).toBe(3);
  });

  test('refuses rounds that are not the same', () => {
    expect(() => ratio([1, 2], [1])).toThrow('2 rounds cannot be compared with 1');
  });
});

test('interleave() runs each contender once a round, another one first each time', async () => {
  const ran: string[] = [];
  const results = await interleave(['a', 'b', 'c'], 3, async (name, round) => {
    ran.push(name);
    return `${name}${round}`;
  });
  expect(ran.join('')).toBe('abcbcacab');
  expect(results.get('a')).toEqual(['a0', 'a1', 'a2']);
});

describe('a bar', () => {
  const bar = { name: 'ours / theirs', value: 1.99, least: 2 };

  test('is met at its bound and not below, or above, and never without a value', () => {
    expect(isMet(bar)).toBe(false);
    expect(isMet({ ...bar, value: 2 })).toBe(true);
    expect(isMet({ name: 'memory', value: 1.01, most: 1 })).toBe(false);
    expect(isMet({ name: 'memory', value: 1, most: 1 })).toBe(true);
    expect(isMet({ ...bar, value: Number.NaN })).toBe(false);
  });

  test('has its bound, its goal and its verdict in the table, and none in a quick run', () => {
    expect(barTable([{ ...bar, goal: 2.5 }], true).at(-1)).toBe(
      '| ours / theirs | 1.99 |  |  | at least 2 | 2.5 | **NOT MET** |',
    );
    expect(barTable([bar], false).at(-1)).toContain('not judged');
    expect(barTable([{ name: 'ctx.tx', value: 0.1 }], true).at(-1)).toContain('published');
  });
});

describe('validity', () => {
  const peer = (perSecond: number) => ({ reference: references.graphileBest1, perSecond });
  const limit = (perSecond: number) => ({ reference: limits.drain1, perSecond });

  test('a peer 25 % below its reference is at the edge, one below that makes the run invalid', () => {
    expect(judgeValidity([peer(22_500)], limit(80_000)).verdict).toBe('valid');
    const { verdict, lines } = judgeValidity([peer(22_499)], limit(80_000));
    expect(verdict).toBe('invalid');
    expect(lines.join('\n')).toContain(
      '**INVALID**: more than 25 % below the reference: graphile-worker, best settings, 1 process',
    );
  });

  test('one good peer does not make up for another', () => {
    const boss = { reference: references.pgBossBest, perSecond: 14_000 };
    expect(judgeValidity([peer(40_000), boss], limit(90_000)).verdict).toBe('invalid');
  });

  test('on a machine where the server alone is as much slower, the report says so', () => {
    const { verdict, lines } = judgeValidity([peer(15_000)], limit(40_000));
    expect(verdict).toBe('slower-machine');
    expect(lines.join('\n')).toContain('**A SLOWER MACHINE**');
    expect(lines).toContain('| SQL alone, 1 connection | 40,000 | 80,000–99,000 | 0.50 |');
    expect(lines).toContain('| graphile-worker, best settings, 1 process | 15,000 | 30,000 | 0.50 |');
  });

  test('a slower machine is no excuse for a peer that is slower still, nor a server a little slower for any', () => {
    expect(judgeValidity([peer(11_000)], limit(40_000)).verdict).toBe('invalid');
    expect(judgeValidity([peer(18_000)], limit(61_000)).verdict).toBe('invalid');
  });

  test('no figure at all is below every reference', () => {
    expect(judgeValidity([peer(Number.NaN)], limit(80_000)).verdict).toBe('invalid');
    expect(judgeValidity([peer(15_000)], undefined).verdict).toBe('invalid');
  });
});

describe('the ledger', () => {
  const good: Ledger = { enqueued: 5, effects: 5, audited: 5, handled: 5, repeated: 0, remaining: 0 };

  test('adds up when each event ran once', () => {
    expect(mismatches(good)).toEqual([]);
    expect(mismatches({ ...good, effects: undefined, audited: undefined, handled: undefined })).toEqual([]);
  });

  test.each([
    [{ effects: 4 }, '5 events enqueued, but 4 rows written by the actions'],
    [{ audited: 6 }, '5 events enqueued, but 6 audit rows'],
    [{ audited: 0 }, '5 events enqueued, but 0 audit rows'],
    [{ handled: 7 }, '5 events enqueued, but 7 handler calls'],
    [{ repeated: 1 }, '1 events ran or were logged more than once'],
    [{ remaining: 2 }, '2 events are left behind'],
  ])('%o does not', (wrong, text) => {
    expect(mismatches({ ...good, ...wrong })).toEqual([text]);
  });
});

describe.runIf(process.platform === 'linux')('what /proc says of a process', () => {
  test('CPU time grows with work, and memory with what was ever held', () => {
    const before = cpuMs(process.pid);
    let sum = 0;
    while (cpuMs(process.pid).own < before.own + 50) sum += Math.sqrt(sum + 1);
    expect(sum).toBeGreaterThan(0);
    expect(before.parent).toBe(process.ppid);
    const peak = peakMiB(process.pid);
    const held = Buffer.alloc(200 * 2 ** 20, 1);
    expect(peakMiB(process.pid)).toBeGreaterThan(Math.min(peak, 150));
    expect(peakMiB(process.pid)).toBeGreaterThanOrEqual(held.length / 2 ** 20);
    expect(title(process.pid)).toContain('node');
  });
});
