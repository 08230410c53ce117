/** What was measured on a 2-core Linux machine with PostgreSQL 18 and fsync on, in events a second. */
export interface Reference {
  readonly name: string;
  readonly perSecond: number;
  /** Where several runs differed: the highest. */
  readonly upTo?: number;
}

/** The peers, whose figures say whether their settings were their best. */
export const references = {
  graphileBest1: { name: 'graphile-worker, best settings, 1 process', perSecond: 30_000 },
  graphileBest2: { name: 'graphile-worker, best settings, 2 processes', perSecond: 35_000, upTo: 40_000 },
  graphileDefaults: { name: 'graphile-worker, defaults', perSecond: 720 },
  pgBossBest: { name: 'pg-boss, best settings', perSecond: 20_000 },
  // One job a look, the first at once and then every 2 s: the fewer jobs, the nearer to 1.
  pgBossDefaults: { name: 'pg-boss, defaults', perSecond: 0.5, upTo: 1 },
  addJobs: { name: 'graphile-worker, add_jobs', perSecond: 17_600 },
} as const satisfies Readonly<Record<string, Reference>>;

/** The server alone, whose figures say how this machine compares with that one. */
export const limits = {
  drain1: { name: 'SQL alone, 1 connection', perSecond: 80_000, upTo: 99_000 },
  drain2: { name: 'SQL alone, 2 connections', perSecond: 97_000, upTo: 109_000 },
  insertMany: { name: 'SQL alone, bulk insert', perSecond: 102_000 },
} as const satisfies Readonly<Record<string, Reference>>;

/** A peer that has less than this share of its reference was not at its best, or the machine is another. */
export const LEAST_SHARE = 0.75;
