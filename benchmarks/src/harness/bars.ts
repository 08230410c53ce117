/** A measured figure beside what it must be. */
export interface Bar {
  readonly what: string;
  readonly measured: number;
  /** The peer's figure, or the one of the same run that the bar is a multiple of. */
  readonly beside?: number;
  readonly atMost?: number;
  readonly atLeast?: number;
  readonly unit?: string;
}

/** Whether the figure is what it must be; one that could not be measured is not. */
export function isMet({
  measured,
  atMost = Number.POSITIVE_INFINITY,
  atLeast = Number.NEGATIVE_INFINITY,
}: Bar): boolean {
  return Number.isFinite(measured) && measured <= atMost && measured >= atLeast;
}

/** The bars as a table with the verdict beside each; a quick run shows them and judges none. */
export function judge(bars: readonly Bar[], quick: boolean): { readonly passed: boolean; readonly lines: string[] } {
  const rows = bars.map((bar) => {
    const limit = bar.atMost === undefined ? `≥ ${number(bar.atLeast)}` : `≤ ${number(bar.atMost)}`;
    const verdict = quick ? 'not judged' : isMet(bar) ? 'met' : 'NOT MET';
    const unit = bar.unit === undefined ? '' : ` ${bar.unit}`;
    return `| ${bar.what} | ${number(bar.measured)}${unit} | ${number(bar.beside)} | ${limit}${unit} | ${verdict} |`;
  });
  return {
    passed: quick || bars.every(isMet),
    lines: ['| figure | measured | beside it | bar | verdict |', '|---|---:|---:|---:|---|', ...rows],
  };
}

/** Three significant digits, whole above 1000. */
export function number(value: number | undefined): string {
  if (value === undefined) return '';
  if (!Number.isFinite(value)) return 'none';
  return Math.abs(value) >= 1_000 ? Math.round(value).toLocaleString('en-US') : String(Number(value.toPrecision(3)));
}

/** The median; NaN when there is nothing. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  return sorted.length % 2 === 1
    ? (sorted[Math.floor(middle)] ?? Number.NaN)
    : ((sorted[middle - 1] ?? Number.NaN) + (sorted[middle] ?? Number.NaN)) / 2;
}
