import { describe, expect, test } from 'vitest';
import { isConnectionLoss, sourceOf, sqlstateOf, toFailure } from '../src/db/pg-error.js';

/** As Node makes them: five capital letters, and yet no SQLSTATE. */
const ofTheSystem = (code: string) => Object.assign(new Error(`write ${code}`), { code, errno: -32, syscall: 'write' });
const ofTheServer = (code: string) => Object.assign(new Error('of the server'), { code, severity: 'ERROR' });

describe('an error of the operating system', () => {
  test.each(['EPIPE', 'EPERM', 'EBADF'])('%s has no SQLSTATE, also inside the error of a library', (code) => {
    expect(sqlstateOf(ofTheSystem(code))).toBeUndefined();
    const wrapped = new Error('fetch failed', { cause: ofTheSystem(code) });
    expect(sourceOf(wrapped)).toBe(wrapped);
    expect(toFailure(wrapped)).not.toHaveProperty('sqlstate');
  });

  test.each(['EPIPE', 'ECONNRESET', 'ETIMEDOUT'])('%s of a socket is the loss of its connection', (code) => {
    expect(isConnectionLoss(ofTheSystem(code))).toBe(true);
  });
});

test('an error of the server has its SQLSTATE, and class 08 is the loss of its connection', () => {
  expect(sqlstateOf(ofTheServer('40001'))).toBe('40001');
  expect(toFailure(new Error('failed', { cause: ofTheServer('40001') })).sqlstate).toBe('40001');
  expect(isConnectionLoss(ofTheServer('08006'))).toBe(true);
  expect(isConnectionLoss(ofTheServer('40001'))).toBe(false);
});
