import pc from 'picocolors';
import { describe, expect, test } from 'vitest';
import { bar, count, duration } from '../src/format.js';
import { frame, plainLine, type Scene } from '../src/frame.js';

const scene: Scene = {
  title: 'pgrelay',
  headline: 'One sentence.',
  writers: 4,
  walkThrough: {
    before: { viewName: 'v', isDirty: true, lastRefreshedAt: '' },
    after: { viewName: 'v', isDirty: false, lastRefreshedAt: '2026-01-01' },
  },
  figures: {
    seconds: 12.3,
    writes: 1234,
    writesPerSecond: 99.6,
    events: 800,
    eventsWaiting: 2,
    refreshes: 5,
    refreshing: true,
    refreshMs: 1010,
    staleMs: 0,
    blocked: 0,
    during: { writes: 400, p50: 1, p95: 2, worst: 3 },
    outside: { writes: 0, p50: null, p95: null, worst: null },
  },
  timeline: [
    { worst: 1.5, refreshing: false },
    { worst: 4000, refreshing: true },
    { worst: null, refreshing: true },
  ],
  trouble: '',
};

describe('format', () => {
  test.each([
    [null, '–'],
    [0.04, '0.0 ms'],
    [99.44, '99.4 ms'],
    [99.6, '100 ms'],
    [999.4, '999 ms'],
    [999.6, '1.00 s'],
    [9949, '9.95 s'],
    [61_234, '61.2 s'],
  ])('%s ms is %s', (ms, text) => expect(duration(ms)).toBe(text));

  test('counts have separators', () => expect(count(1234567.4)).toBe('1,234,567'));

  test('bars grow with the logarithm', () => {
    expect([0, 1, 3, 10, 100, 1000, 9999, 1e6].map((ms) => bar(ms)).join('')).toBe('▁▁▁▃▅▇██');
    expect(bar(null)).toBe(' ');
  });
});

describe('frame', () => {
  const lines = frame(scene, pc.createColors(false));

  test('says fresh when nothing is missing from the view', () => {
    expect(lines.find((line) => line.startsWith('view is stale by'))).toContain('fresh');
  });

  test('lines of bars and refreshes stand below each other', () => {
    const at = lines.findIndex((line) => line.startsWith('slowest write'));
    expect(lines[at]?.slice(20)).toBe('▁█ ');
    expect(lines[at + 1]?.slice(20)).toBe(' ▬▬');
  });

  test('leaves events out where there is no queue', () => {
    const without = frame({ ...scene, figures: { ...scene.figures, events: null } }, pc.createColors(false));
    expect(lines.some((line) => line.startsWith('events'))).toBe(true);
    expect(without.some((line) => line.startsWith('events'))).toBe(false);
  });

  test('the plain line says who waits', () => {
    expect(plainLine(scene)).not.toContain('WAIT');
    expect(plainLine({ ...scene, figures: { ...scene.figures, blocked: 3 } })).toContain('3 WRITERS WAIT');
  });
});
