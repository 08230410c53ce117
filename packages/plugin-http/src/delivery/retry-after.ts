/**
 * How long a Retry-After header asks to wait, in ms: seconds, or a time, which is read against the answer's own Date, since the
 * clock here may be wrong. Undefined when it says nothing of use.
 */
export function readRetryAfter(
  retryAfter: string | readonly string[] | undefined,
  date: string | readonly string[] | undefined,
): number | undefined {
  const [value] = [retryAfter].flat();
  if (value === undefined) return undefined;
  if (/^\s*\d{1,9}\s*$/.test(value)) return Number(value) * 1_000;
  const ms = Date.parse(value) - Date.parse([date].flat()[0] ?? '');
  return ms >= 0 ? ms : undefined;
}
