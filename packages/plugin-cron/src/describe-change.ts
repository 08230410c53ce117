import type { JobChange } from './job-change.js';

/** A line of a plan for people: what becomes of a job, and which settings an operator keeps. Never a payload. */
export function describeChange({ job, action, changes, kept }: JobChange): string {
  const changed = Object.entries(changes).map(
    ([name, { from, to }]) => `${name}: ${show(name, from)} → ${show(name, to)}`,
  );
  const held = Object.entries(kept).map(
    ([name, { actual }]) => `${name} stays ${show(name, actual)} (changed by an operator)`,
  );
  const details = [...changed, ...held];
  return `${action} ${JSON.stringify(job)}${details.length === 0 ? '' : `: ${details.join('; ')}`}`;
}

const show = (name: string, value: unknown): string => (name === 'payload' ? '…' : JSON.stringify(value));
