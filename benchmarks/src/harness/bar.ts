import type { Ratio } from './ratio.js';

/** What a figure must reach. */
export interface Bar {
  readonly name: string;
  readonly value: number;
  /** Undefined: published, not judged. */
  readonly least?: number;
  readonly most?: number;
  readonly goal?: number;
  readonly ratio?: Ratio;
}

/** Not met when there is no value. */
export function isMet({ value, least = Number.NEGATIVE_INFINITY, most = Number.POSITIVE_INFINITY }: Bar): boolean {
  return value >= least && value <= most;
}

/** The bars as a table. With `judged` false, in a quick run, it says so instead of giving a verdict. */
export function barTable(bars: readonly Bar[], judged: boolean): string[] {
  const verdict = (bar: Bar) => {
    if (bar.least === undefined && bar.most === undefined) return 'published';
    if (!judged) return 'not judged';
    return isMet(bar) ? 'met' : '**NOT MET**';
  };
  return [
    '| bar | value | rounds | of medians | must be | goal | |',
    '|---|---:|---:|---:|---:|---:|---|',
    ...bars.map((bar) =>
      [
        '',
        bar.name,
        figure(bar.value),
        bar.ratio ? `${figure(bar.ratio.perRound.min)}–${figure(bar.ratio.perRound.max)}` : '',
        bar.ratio ? figure(bar.ratio.ofMedians) : '',
        [
          ...(bar.least === undefined ? [] : [`at least ${bar.least}`]),
          ...(bar.most === undefined ? [] : [`at most ${bar.most}`]),
        ].join(', '),
        bar.goal ?? '',
        verdict(bar),
        '',
      ]
        .join(' | ')
        .trim(),
    ),
  ];
}

/** Whether every bar is met, in a quick run whether there are any, and the table. */
export function judge(bars: readonly Bar[], quick: boolean): { readonly passed: boolean; readonly lines: string[] } {
  return { passed: quick ? bars.length > 0 : bars.every(isMet), lines: barTable(bars, !quick) };
}

const figure = (value: number): string => value.toFixed(value < 10 ? 2 : 1);
