import type { Queryable } from '@pgrelay/relay-core';
import type { QueryResultRow } from 'pg';
import { toMvError } from './mv-errors.js';
import type { MvAction, MvFact, MvSimulation } from './mv-explain.js';
import type { MvFreshnessRow } from './mv-freshness.js';
import type { MvGroup, MvGroupArguments } from './mv-groups.js';
import type { MvIncident } from './mv-incidents.js';
import { type MvName, toSql } from './mv-name.js';
import type { MvArguments } from './mv-parameters.js';

/** A finding of get_mv_problems(). */
export interface MvProblem {
  readonly code: string;
  /** The view, table or function it is about. */
  readonly object: string;
  readonly evidence: string;
  /** What to do; mostly a statement to run. */
  readonly remedy: string;
}

/** Functions that take a view in both forms and nothing else. */
type ViewFunction = 'unregister_mv' | 'pause_mv' | 'resume_mv' | 'refresh_materialized_view_now';

/** An argument by its name: `p_work_mem => $1::text`. */
type Argument = readonly [name: string, expression: (place: number) => string, ...values: unknown[]];

/** The functions of schema pgauto_mv that the client calls. What they raise comes as the RelayError of its SQLSTATE. */
export const mvGateway = {
  async register(db: Queryable, view: MvName, options: MvArguments): Promise<string> {
    const name = toSql(view);
    const exact: Argument[] = [
      ['p_mv_name', (n) => `(select c.relname from pg_catalog.pg_class c where c.oid = $${n}::regclass)`, name],
      [
        'p_mv_schema',
        (n) =>
          `(select s.nspname from pg_catalog.pg_class c join pg_catalog.pg_namespace s on s.oid = c.relnamespace where c.oid = $${n}::regclass)`,
        name,
      ],
    ];
    const derived: Argument[] = [['p_view', (n) => `$${n}::regclass`, name]];
    const args = [...(options.watches ? exact : derived), ...settings(options)];
    return only(await call<{ result: string }>(db, 'register_mv', args)).result;
  },

  async alter(db: Queryable, view: MvName, options: MvArguments): Promise<void> {
    const reset: Argument[] = options.reset.length > 0 ? [['p_reset', (n) => `$${n}::text[]`, options.reset]] : [];
    await call(db, 'alter_mv', [...target(view), ...settings(options), ...reset]);
  },

  /** Returns what the function returns, as text. */
  async onView(db: Queryable, name: ViewFunction, view: MvName): Promise<string> {
    return only(await call<{ result: string }>(db, name, target(view))).result;
  },

  async onSource(db: Queryable, name: 'gate_source' | 'ungate_source', table: MvName): Promise<void> {
    await query(db, `select pgauto_mv.${name}($1::regclass)`, [toSql(table)]);
  },

  async unlisten(db: Queryable): Promise<void> {
    await query(db, 'unlisten pgauto_mv', []);
  },

  async isFresh(db: Queryable, view: MvName, token: string): Promise<boolean> {
    const rows = await query<{ fresh: boolean }>(db, 'select pgauto_mv.is_fresh($1::regclass, $2::xid8) as fresh', [
      toSql(view),
      token,
    ]);
    return only(rows).fresh;
  },

  /** On a standby one statement may end early, so that its snapshot does not hold up the replay; the next has another. */
  async waitUntilFresh(db: Queryable, view: MvName, token: string, timeoutMs: number): Promise<boolean> {
    const deadline = performance.now() + timeoutMs;
    for (let leftMs = timeoutMs; ; leftMs = deadline - performance.now()) {
      const rows = await query<{ fresh: boolean }>(
        db,
        'select pgauto_mv.wait_until_fresh($1::regclass, $2::xid8, $3::interval) as fresh',
        [toSql(view), token, `${Math.max(leftMs, 0)} ms`],
      );
      if (only(rows).fresh || performance.now() >= deadline) return only(rows).fresh;
    }
  },

  /** undefined: not registered. */
  async freshness(db: Queryable, view: MvName): Promise<MvFreshnessRow | undefined> {
    const [which, values] =
      typeof view === 'string'
        ? ['f.view = $1::regclass', [view]]
        : ['f.view_name = $1 and f.schema_name = $2', [view.name, view.schema]];
    const rows = await query<MvFreshnessRow>(
      db,
      `select f.id::text as id, f.dirty, ${ms('f.stale_since')} as "staleSince", f.pending_changes::float8 as "pendingChanges",
        ${ms('f.due_at')} as "dueAt", f.skip_reason as "skipReason", f.refreshing, f.installing, ${ms('f.paused_at')} as "pausedAt",
        f.refreshes::float8 as refreshes, ${ms('f.last_refreshed_at')} as "lastRefreshedAt",
        ${ms('f.last_refresh_duration')} as "lastRefreshDurationMs", f.last_refresh_mode as "lastRefreshMode",
        ${ms('f.last_root_lag')} as "lastRootLagMs", ${ms('f.last_root_duration')} as "lastRootDurationMs",
        ${ms('f.target_lag')} as "targetLagMs", f.cpu_share::float8 as "cpuShare", ${ms('f.achieved_lag')} as "achievedLagMs",
        f.last_refresh_reason as "lastRefreshReason", f.failures, f.failed_sqlstate as "failedSqlstate",
        f.failed_code as "failedCode", ${ms('f.next_retry_at')} as "nextRetryAt",
        ${ms('f.verified_until')} as "verifiedUntil", f.verification, f.verification_reason as "verificationReason",
        ${ms('f.as_of')} as "asOf", f.group_name as "group"
      from pgauto_mv.freshness f where ${which}`,
      values,
    );
    return rows[0];
  },

  async explain(db: Queryable, view: MvName): Promise<readonly MvFact[]> {
    return query<MvFact>(db, 'select topic, object, detail from pgauto_mv.explain_mv($1::regclass)', [toSql(view)]);
  },

  /** The three times are seconds, the window and the target intervals; null: the default. */
  async simulate(
    db: Queryable,
    view: MvName,
    times: readonly (number | null)[],
    window: string,
    target: readonly [lag: string | null, share: number | null],
  ): Promise<MvSimulation> {
    const rows = await query<MvSimulation>(
      db,
      `select s.since, s.till, s.transactions::float8 as transactions, s.refreshes::float8 as refreshes,
        ${ms('s.average_staleness')} as "averageStalenessMs", ${ms('s.longest_staleness')} as "longestStalenessMs",
        s.stale_share::float8 as "staleShare", ${ms('s.refreshing')} as "refreshingMs", s.refreshing_share::float8 as "refreshingShare",
        s.refresh_lag::float8 as "refreshLag", s.max_wait::float8 as "maxWait", s.cooldown::float8 as cooldown
      from pgauto_mv.simulate_mv($1::regclass, $2, $3, $4, $5::interval, $6::interval, $7::numeric) s`,
      [toSql(view), ...times, window, ...target],
    );
    return only(rows);
  },

  /** Returns the outcome. Not inside a transaction block. */
  async verify(db: Queryable, view: MvName): Promise<string> {
    const rows = await query<{ p_outcome: string }>(db, 'call pgauto_mv.verify_mv($1::regclass)', [toSql(view)]);
    return only(rows).p_outcome;
  },

  async incidents(db: Queryable): Promise<readonly MvIncident[]> {
    return query<MvIncident>(
      db,
      `select i.id::text as id, i.view_name as "viewName", i.found_at as "foundAt", i.as_of::text as "asOf", i.contents_at as "contentsAt",
        i.view_rows::float8 as "viewRows", i.rows_missing::float8 as "rowsMissing", i.rows_surplus::float8 as "rowsSurplus",
        i.query_digest as "queryDigest", i.cause, i.marked_at as "markedAt", i.repaired_at as "repairedAt", i.repaired_how as "repairedHow"
      from pgauto_mv.incidents i order by i.id`,
      [],
    );
  },

  async actions(db: Queryable, name: 'sync_mv' | 'clean_mv'): Promise<readonly MvAction[]> {
    return query<MvAction>(db, `select action, object from pgauto_mv.${name}()`, []);
  },

  async createGroup(db: Queryable, name: string, group: MvGroupArguments): Promise<string> {
    const rows = await query<{ id: string }>(
      db,
      "select pgauto_mv.create_group($1, $2::regclass[], coalesce($3, false), coalesce($4::interval, '60 s'))::text as id",
      [name, (group.views ?? []).map(toSql), group.plain, group.maxDuration],
    );
    return only(rows).id;
  },

  async alterGroup(db: Queryable, name: string, group: MvGroupArguments): Promise<void> {
    await query(db, 'select pgauto_mv.alter_group($1, $2::regclass[], $3, $4::interval)', [
      name,
      group.views?.map(toSql) ?? null,
      group.plain,
      group.maxDuration,
    ]);
  },

  async dropGroup(db: Queryable, name: string): Promise<void> {
    await query(db, 'select pgauto_mv.drop_group($1)', [name]);
  },

  async groups(db: Queryable): Promise<readonly MvGroup[]> {
    return query<{ [K in keyof MvGroup]: MvGroup[K] }>(
      db,
      `select g.name, g.members, g.mode, g.mode_reason as "modeReason", g.as_of as "asOf", g.dirty, g.last_refreshed_at as "lastRefreshedAt",
        ${ms('g.last_refresh_duration')} as "lastRefreshDurationMs", ${ms('g.cost')} as "costMs",
        array(select ${ms('c')} from unnest(g.member_costs) with ordinality u(c, place) order by u.place) as "memberCostsMs",
        ${ms('g.max_duration')} as "maxDurationMs", g.due_at as "dueAt", g.skip_reason as "skipReason", g.held_by as "heldBy", g.failing
      from pgauto_mv.groups g order by g.name`,
      [],
    );
  },

  async problems(db: Queryable): Promise<readonly MvProblem[]> {
    return query<MvProblem>(db, 'select code, object, evidence, remedy from pgauto_mv.get_mv_problems()', []);
  },
};

/** A time or an interval in ms. */
const ms = (expression: string): string => `(extract(epoch from ${expression}) * 1000)::float8`;

function target(view: MvName): Argument[] {
  if (typeof view === 'string') return [['p_view', (n) => `$${n}::regclass`, view]];
  return [
    ['p_mv_name', (n) => `$${n}::text`, view.name],
    ['p_mv_schema', (n) => `$${n}::text`, view.schema],
  ];
}

function settings({ parameters, watches }: MvArguments): Argument[] {
  const list: Argument[] = parameters.map(({ name, value, cast }) => [`p_${name}`, (n) => `$${n}::${cast}`, value]);
  if (watches) {
    const entries = (n: number) =>
      `array(select pgauto_mv.mv_watch(w.name, w.events) from rows from (pg_catalog.unnest($${n}::text[]), pg_catalog.unnest($${n + 1}::text[])) w(name, events))`;
    list.push(['p_watch_tables', entries, watches.tables, watches.events]);
  }
  return list;
}

async function call<R extends QueryResultRow>(db: Queryable, name: string, args: readonly Argument[]): Promise<R[]> {
  const values: unknown[] = [];
  const list = args.map(([argument, expression, ...own]) => {
    const text = `${argument} => ${expression(values.length + 1)}`;
    values.push(...own);
    return text;
  });
  return query<R>(db, `select pgauto_mv.${name}(${list.join(', ')})::text as result`, values);
}

async function query<R extends QueryResultRow>(db: Queryable, text: string, values: unknown[]): Promise<R[]> {
  try {
    return (await db.query<R>(text, values)).rows;
  } catch (error) {
    throw toMvError(error);
  }
}

function only<T>(rows: readonly T[]): T {
  const [row] = rows;
  if (row === undefined) throw new Error('a function of pgauto_mv returned no row');
  return row;
}
