/**
 * Cuts a statement at its parameters `$1`, `$2`, …, for libraries that count parameters themselves: the texts between
 * them, and the value for each gap. A parameter that stands twice has its value twice. For statements without `$` in a
 * literal.
 */
export function splitStatement(
  text: string,
  values: readonly unknown[],
): { readonly texts: string[]; readonly values: unknown[] } {
  const parts = text.split(/\$(\d+)/);
  return {
    texts: parts.filter((_, index) => index % 2 === 0),
    values: parts.filter((_, index) => index % 2 === 1).map((number) => values[Number(number) - 1]),
  };
}
