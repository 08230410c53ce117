import { LEAST_SHARE, type Reference } from './references.js';

/** A figure of this run beside what it was elsewhere. */
export interface Compared {
  readonly reference: Reference;
  /** Median of this run, a second. */
  readonly perSecond: number;
}

/** `valid`; `invalid`: a peer's settings were not its best; `slower-machine`: the server alone is that much slower too. */
export type Verdict = 'valid' | 'invalid' | 'slower-machine';

export interface Validity {
  readonly verdict: Verdict;
  /** Why, in the words of a report. */
  readonly lines: readonly string[];
}

/**
 * A peer more than 25 % below its reference makes the run invalid. When the server alone is more than 25 % below its own
 * reference, this is another class of machine: then a peer is held to its reference less what the server lost, and the
 * report says so.
 */
export function judgeValidity(peers: readonly Compared[], limit: Compared | undefined): Validity {
  const limitShare = limit === undefined ? 1 : share(limit);
  const slower = limitShare < LEAST_SHARE;
  const low = peers.filter((peer) => !(share(peer) >= LEAST_SHARE));
  const guilty = low.filter((peer) => !slower || !(share(peer) / limitShare >= LEAST_SHARE));
  const verdict = guilty.length > 0 ? 'invalid' : low.length > 0 ? 'slower-machine' : 'valid';
  return { verdict, lines: [...table(peers, limit), '', ...explain(verdict, guilty, low, limitShare)] };
}

const share = ({ perSecond, reference }: Compared): number => perSecond / reference.perSecond;

function table(peers: readonly Compared[], limit: Compared | undefined): string[] {
  const row = (compared: Compared) => {
    const { name, perSecond, upTo } = compared.reference;
    const elsewhere = upTo === undefined ? round(perSecond) : `${round(perSecond)}–${round(upTo)}`;
    return `| ${name} | ${round(compared.perSecond)} | ${elsewhere} | ${share(compared).toFixed(2)} |`;
  };
  return [
    '| are the peers at their best? | here, a second | reference | share |',
    '|---|---:|---:|---:|',
    ...[...peers, ...(limit === undefined ? [] : [limit])].map(row),
  ];
}

function explain(
  verdict: Verdict,
  guilty: readonly Compared[],
  low: readonly Compared[],
  limitShare: number,
): string[] {
  const named = (peers: readonly Compared[]) => peers.map(({ reference }) => reference.name).join('; ');
  const machine = `The server alone has ${limitShare.toFixed(2)} of its reference`;
  if (verdict === 'invalid') {
    return [`**INVALID**: more than 25 % below the reference: ${named(guilty)}. ${machine}: that does not explain it.`];
  }
  if (verdict === 'slower-machine') {
    return [
      `**A SLOWER MACHINE**: more than 25 % below the reference: ${named(low)}. ${machine} too, so this machine is of ` +
        'another class; beside the server alone the peers are where they should be. Compare ratios only.',
    ];
  }
  return [`Valid: no peer is more than 25 % below its reference. ${machine}.`];
}

const round = (value: number): string => (value < 10 ? value.toFixed(1) : Math.round(value).toLocaleString('en'));
