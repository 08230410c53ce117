import pc from 'picocolors';
import { expect, test } from 'vitest';
import { ansiSvg } from '../src/ansi-svg.js';

const c = pc.createColors(true);

test('every run of one style is a text of its own, at its column and with its width', () => {
  const svg = ansiSvg('T', [{ title: 'a < b', lines: [`${c.bold(c.red('ab'))}  ${c.dim('cd')}`, '', 'x & y'] }], 20);
  expect(svg).toContain('<title>T</title>');
  expect(svg).toContain('a &lt; b');
  expect(svg).toContain('x & y'.replace('&', '&amp;'));
  expect(svg).toMatch(/<text x="20" [^>]*textLength="16"[^>]* fill="#ff7b72" font-weight="bold"[^>]*>ab<\/text>/);
  expect(svg).toMatch(/<text x="52" [^>]*opacity="0.6"[^>]*>cd<\/text>/);
  expect(svg).not.toContain('\u001b');
});

test('windows stand below each other', () => {
  const one = { title: 't', lines: ['x'] };
  const height = (svg: string) => Number(/viewBox="0 0 \d+ (\d+)"/.exec(svg)?.[1]);
  expect(height(ansiSvg('T', [one, one], 10))).toBeGreaterThan(2 * height(ansiSvg('T', [one], 10)));
});
