import { describe, expect, test } from 'vitest';
import { Belongings } from '../src/chinook/belongings.js';
import { Gate } from '../src/chinook/gate.js';
import { planTurns } from '../src/chinook/plan-turns.js';
import { shareOut, WANTED } from '../src/chinook/share-out.js';
import { distribution } from '../src/harness/distribution.js';

describe('the shares of the writers', () => {
  test.each([
    [5_000, 8],
    [401, 7],
    [400, 25],
  ])('%i transactions of %i writers add up, the special ones too', (transactions, writers) => {
    const shares = shareOut({ transactions, writers });
    const turns = shares.flatMap((share) => [...planTurns(share).values()]);
    expect(shares.reduce((sum, share) => sum + share.transactions, 0)).toBe(transactions);
    expect(turns.filter((turn) => turn === 'check')).toHaveLength(WANTED.checks);
    expect(turns.filter((turn) => turn === 'long')).toHaveLength(WANTED.long);
    expect(turns.filter((turn) => turn === 'truncate')).toHaveLength(WANTED.truncates);
    for (const share of shares) {
      for (const n of planTurns(share).keys()) expect(n).toBeLessThan(share.transactions);
    }
  });

  test('no two writers own the same row', () => {
    const seen = new Map<number, number>();
    for (let index = 0; index < 8; index += 1) {
      const own = new Belongings(index, 8);
      for (let n = 0; n < 500; n += 1) {
        const customer = own.lastingCustomer();
        expect(customer).toBeGreaterThanOrEqual(1);
        expect(customer).toBeLessThanOrEqual(59);
        expect(seen.get(customer) ?? index).toBe(index);
        seen.set(customer, index);
      }
    }
  });
});

describe('Gate', () => {
  test('one that wants it alone waits for those who share, and goes before those who come later', async () => {
    const gate = new Gate();
    const order: string[] = [];
    let resolve: () => void = () => undefined;
    const promise = new Promise<void>((done) => {
      resolve = done;
    });
    const sharing = gate.share(() => promise.then(() => void order.push('first')));
    const alone = gate.alone(async () => void order.push('alone'));
    const late = gate.share(async () => void order.push('late'));
    resolve();
    await Promise.all([sharing, alone, late]);
    expect(order).toEqual(['first', 'alone', 'late']);
  });

  test('is open again after a failure', async () => {
    const gate = new Gate();
    await expect(gate.alone(() => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(await gate.share(async () => 'open')).toBe('open');
  });
});

test('distribution() gives nearest ranks', () => {
  const values = Array.from({ length: 100 }, (_, index) => index + 1);
  expect(distribution(values)).toEqual({ count: 100, p50: 50, p95: 95, p99: 99, worst: 100 });
  expect(distribution([])).toEqual({ count: 0, p50: 0, p95: 0, p99: 0, worst: 0 });
});
