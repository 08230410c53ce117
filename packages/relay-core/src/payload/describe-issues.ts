import type { StandardSchemaV1 } from '@standard-schema/spec';

/** So many issues are named; the rest is counted. */
const most = 5;

/**
 * Says which fields do not fit and why: `lines[1].pieces: expected number; …`. Libraries like to quote what they got, and
 * an error's message gets into logs, so every text and number of the payload that an issue repeats becomes `…`.
 */
export function describeIssues(issues: readonly StandardSchemaV1.Issue[], payload: unknown): string {
  const quoted = leaves(payload);
  const named = issues.slice(0, most).map(({ path, message }) => `${fieldOf(path)}: ${withhold(message, quoted)}`);
  if (issues.length > most) named.push(`and ${issues.length - most} more`);
  return named.join('; ');
}

/** `order.lines[2]["unit price"]`, or `payload` for the payload itself. */
function fieldOf(path: StandardSchemaV1.Issue['path'] = []): string {
  const keys = path.map((part) => (typeof part === 'object' ? part.key : part));
  const text = keys.map((key) => {
    if (typeof key === 'number' || /^\d+$/.test(String(key))) return `[${String(key)}]`;
    return /^[\p{L}_$][\p{L}\p{N}_$-]*$/u.test(String(key)) ? `.${String(key)}` : `[${JSON.stringify(String(key))}]`;
  });
  return text.length === 0 ? 'payload' : text.join('').replace(/^\./, '');
}

function withhold(message: string, quoted: readonly string[]): string {
  let text = message;
  for (const value of quoted) {
    if (!text.includes(value)) continue;
    const whole = new RegExp(`(?<![\\p{L}\\p{N}])${escaped(value)}(?![\\p{L}\\p{N}])`, 'gu');
    text = text.replace(whole, '…');
  }
  return text;
}

const escaped = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');

/** The texts and numbers in a payload as a message may repeat them, the longest first. */
function leaves(payload: unknown): readonly string[] {
  const found = new Set<string>();
  const open: unknown[] = [payload];
  for (let value = open.pop(); value !== undefined; value = open.pop()) {
    if (typeof value === 'string') found.add(value).add(JSON.stringify(value).slice(1, -1));
    else if (typeof value === 'number') found.add(String(value));
    else if (typeof value === 'object' && value !== null) open.push(...Object.values(value));
  }
  return [...found].filter((text) => text.trim() !== '').sort((a, b) => b.length - a.length);
}
