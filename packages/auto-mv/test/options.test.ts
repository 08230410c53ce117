import { autoMv, defaultAutoMvOptions } from '@pgrelay/auto-mv';
import { expect, test } from 'vitest';
import { readRefreshRequest } from '../src/refresh-request.js';

test('every option has a default', () => {
  expect(autoMv()).toMatchObject({ name: 'auto-mv', sql: { name: 'pgauto_mv' } });
  expect(autoMv({ ...defaultAutoMvOptions })).toMatchObject({ name: 'auto-mv' });
});

test.each([
  [{ maxConcurrentRefreshes: 0 }],
  [{ maxConcurrentRefreshes: 1.5 }],
  [{ plannerEveryMs: 5 }],
  [{ plannerEveryMs: Number.NaN }],
  [{ statementTimeoutMs: 2 ** 31 }],
  [{ repair: 'yes' as unknown as boolean }],
  [{ maxConcurentRefreshes: 2 } as object],
  [{ verification: { share: 1.1 } }],
  [{ verification: { share: Number.NaN } }],
  [{ verification: { everyMs: -1 } }],
  [{ verification: { workMem: 'lots' } }],
  [{ verification: { shares: 0.5 } as object }],
  [{ verification: true as unknown as object }],
])('%j is refused before anything starts', (options) => {
  expect(() => autoMv(options)).toThrow(expect.objectContaining({ code: 'AUTO_MV_OPTION_INVALID' }));
});

test('a request is what request_refresh() makes, and nothing else', () => {
  expect(readRefreshRequest({ mv: '7', source: 'now', token: '812' })).toEqual({
    mvId: '7',
    source: 'now',
    token: '812',
  });
  expect(readRefreshRequest({ mv: '7', source: 'first', token: null })).toEqual({
    mvId: '7',
    source: 'first',
    token: null,
  });
  for (const wrong of [
    null,
    7,
    '7',
    {},
    { mv: 7, source: 'now', token: null },
    { mv: '7', source: 'x', token: null },
    { mv: '7', source: 'now' },
    { mv: '7; drop', source: 'now', token: null },
  ]) {
    expect(readRefreshRequest(wrong)).toBeUndefined();
  }
});
