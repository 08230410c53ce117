/** 1234.5 → "1.23 s", 12.34 → "12.3 ms"; nothing measured → "–". */
export function duration(ms: number | null): string {
  if (ms === null) return '–';
  if (ms >= 9_950) return `${(ms / 1000).toFixed(1)} s`;
  if (ms >= 999.5) return `${(ms / 1000).toFixed(2)} s`;
  return ms >= 99.5 ? `${Math.round(ms)} ms` : `${ms.toFixed(1)} ms`;
}

/** 12345 → "12,345". */
export const count = (value: number): string => Math.round(value).toLocaleString('en-US');

const BARS = '▁▂▃▄▅▆▇█';
const LEAST_MS = 1;
const MOST_MS = 10_000;

/** One character for a duration, on a logarithmic scale from 1 ms to 10 s. */
export function bar(ms: number | null): string {
  if (ms === null) return ' ';
  const place = Math.log10(Math.max(ms, LEAST_MS) / LEAST_MS) / Math.log10(MOST_MS / LEAST_MS);
  return BARS.charAt(Math.min(BARS.length - 1, Math.floor(place * BARS.length)));
}
