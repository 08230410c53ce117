/**
 * Times and arrays as PostgreSQL writes them, for libraries and drivers that would treat them in their own way. The
 * function that is called says what they are.
 */
export function textValues(values: readonly unknown[]): unknown[] {
  return values.map((value) => {
    if (value instanceof Date) return value.toISOString();
    return Array.isArray(value) ? `{${value.map(element).join(',')}}` : value;
  });
}

function element(value: unknown): string {
  if (value === null || value === undefined) return 'NULL';
  const text = value instanceof Date ? value.toISOString() : String(value);
  return `"${text.replace(/["\\]/g, '\\$&')}"`;
}
