import type { Session, TestDatabase } from '@pgrelay/test-support';

let writers = 0;

/** A session whose open transaction has written to these tables, so that nobody can put a trigger on them. */
export async function busyWriter(db: TestDatabase, ...tables: readonly string[]): Promise<Session> {
  const writer = await db.session(`writer ${++writers}`);
  await writer.query('begin');
  for (const table of tables) await writer.query(`insert into ${table} default values`);
  return writer;
}

/** What is left of all registrations, beside the audit log. */
export async function registry(db: TestDatabase): Promise<Record<string, unknown> | undefined> {
  const [row] =
    await db.query(`select (select count(*) from pgauto_mv.mv) as mv, (select count(*) from pgauto_mv.watch) as watch,
    (select count(*) from pgauto_mv.view_watch) as link, (select count(*) from pgauto_mv.change) as change,
    (select count(*) from pgauto_mv.state) as state, (select count(*) from pgauto_mv.observation) as observation,
    (select count(*) from pgauto_mv.failure) as failure, (select count(*) from pgauto_mv.unwatched) as unwatched,
    (select count(*) from pgauto_mv.pending_trigger) as pending,
    (select count(*) from pg_trigger where tgfoid in ('pgauto_mv.capture'::regproc, 'pgauto_mv.capture_once'::regproc)) as triggers,
    (select count(*) from pg_class c join pg_namespace n on n.oid = c.relnamespace where n.nspname = 'pgauto_mv') as objects`);
  return row;
}
