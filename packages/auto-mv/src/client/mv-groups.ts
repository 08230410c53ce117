import { isMvName, type MvName } from './mv-name.js';
import { invalid } from './mv-parameters.js';

/** How a group is refreshed. */
export interface MvGroupOptions {
  /** Not CONCURRENTLY, even where each member allows it: readers wait for the refresh. Default: false. */
  readonly plain?: boolean;
  /** How long its transaction may take before getMvProblems() calls it too expensive, in ms, 1 to a day. Default: 60,000. */
  readonly maxDurationMs?: number;
}

/** What to change of a group: absent leaves it as it is; `views` are the members from then on, and none but these. */
export interface AlterMvGroupOptions extends MvGroupOptions {
  readonly views?: readonly MvName[];
}

/** A row of pgauto_mv.groups. */
export interface MvGroup {
  readonly name: string;
  /** In the order in which they are refreshed. */
  readonly members: readonly string[];
  readonly mode: 'concurrently' | 'plain';
  /** Why it is not CONCURRENTLY. */
  readonly modeReason: string | null;
  /** All that was committed before it is in every member; null while they are not all of one instant. */
  readonly asOf: Date | null;
  readonly dirty: boolean;
  readonly lastRefreshedAt: Date | null;
  readonly lastRefreshDurationMs: number | null;
  /** What the refreshes of the members took together, and each, in the order of `members`. */
  readonly costMs: number | null;
  readonly memberCostsMs: readonly (number | null)[];
  readonly maxDurationMs: number;
  readonly dueAt: Date | null;
  /** Why none comes now: paused, cooldown, backing off, … */
  readonly skipReason: string | null;
  /** The member that keeps the others from being refreshed. */
  readonly heldBy: string | null;
  /** The member that failed last, until the group is refreshed. */
  readonly failing: string | null;
}

/** The arguments as they are sent; null: not given. */
export interface MvGroupArguments {
  readonly views: readonly MvName[] | null;
  readonly plain: boolean | null;
  readonly maxDuration: string | null;
}

/**
 * Checks the options of a group.
 * @throws RelayError AUTO_MV_ARGUMENT_INVALID
 */
export function toGroupArguments(options: AlterMvGroupOptions): MvGroupArguments {
  const { views, plain, maxDurationMs, ...others } = options;
  const [unknown] = Object.keys(others);
  if (unknown !== undefined) throw invalid(unknown, 'no option of a group', 'Options are views, plain, maxDurationMs.');
  if (views !== undefined && !(Array.isArray(views) && views.every(isMvName))) {
    throw invalid('views', views, 'They are a list of names of views.');
  }
  if (plain !== undefined && typeof plain !== 'boolean') throw invalid('plain', plain, 'It is true or false.');
  if (maxDurationMs !== undefined && !(maxDurationMs >= 1 && maxDurationMs <= 86_400_000)) {
    throw invalid('maxDurationMs', maxDurationMs, 'It is a number of ms from 1 to a day.');
  }
  return {
    views: views ?? null,
    plain: plain ?? null,
    maxDuration: maxDurationMs === undefined ? null : `${maxDurationMs} ms`,
  };
}

/** Checks the name of a group. @throws RelayError AUTO_MV_ARGUMENT_INVALID */
export function checkGroupName(name: string): string {
  if (typeof name === 'string' && name.trim() !== '' && !name.includes('\0')) return name;
  throw invalid('the group', name, 'It is a text that is not empty and has no NUL character.');
}
