import type { TestDatabase } from '@pgrelay/test-support';
import { refresh } from './refresh.js';

/** Registers a view with the watches that its query asks for; returns the registration's id. */
export async function registerDerived(db: TestDatabase, view: string, options = ''): Promise<string> {
  const rows = await db.query<{ id: string }>(`select pgauto_mv.register_mv('${view}'::regclass${options}) as id`);
  return rows[0]?.id ?? '';
}

/** What makes a view dirty: `UPDATE(amount) shop_1.orders, each row`. */
export async function watchesOf(db: TestDatabase, mvId: string): Promise<string[]> {
  const rows = await db.query<{ watch: string }>(
    `select w.operation || coalesce('(' || array_to_string(w.columns, ',') || ')', '') || ' ' || w.relation
       || case when w.each_row then ', each row' else '' end as watch
     from pgauto_mv.watches w where w.mv_id = $1 order by 1`,
    [mvId],
  );
  return rows.map((row) => row.watch);
}

/** Why every UPDATE of a relation counts for a view. */
export async function whyOf(db: TestDatabase, mvId: string, relation: string): Promise<string | null | undefined> {
  const rows = await db.query<{ why: string | null }>(
    "select why from pgauto_mv.watches where mv_id = $1 and relation = $2 and operation = 'UPDATE'",
    [mvId, relation],
  );
  return rows[0]?.why;
}

/** Refreshes the view, then says whether what `sql` does makes it dirty; checks that the contents were right till then. */
export async function dirties(db: TestDatabase, mvId: string, sql: string): Promise<boolean> {
  await refresh(await shared(db), mvId);
  await db.query(sql);
  const rows = await db.query<{ dirty: boolean }>('select dirty from pgauto_mv.freshness where id = $1', [mvId]);
  return rows[0]?.dirty ?? false;
}

const clients = new WeakMap<TestDatabase, ReturnType<TestDatabase['connect']>>();

function shared(db: TestDatabase): ReturnType<TestDatabase['connect']> {
  const client = clients.get(db) ?? db.connect();
  clients.set(db, client);
  return client;
}

/** The change rows of the watches of a view, oldest first. */
export async function changesOf(db: TestDatabase, mvId: string): Promise<string[]> {
  const rows = await db.query<{ operation: string }>(
    `select split_part(w.operation, ' ', 1) as operation from pgauto_mv.change c join pgauto_mv.watch w on w.id = c.watch_id
     join pgauto_mv.view_watch d on d.watch_id = w.id where d.mv_id = $1 order by c.xid, c.at`,
    [mvId],
  );
  return rows.map((row) => row.operation);
}

/** Repairs, as a Processor does every few seconds, until there is nothing to do; returns how often there was. */
export async function repairAll(db: TestDatabase): Promise<number> {
  for (let done = 0; ; done++) {
    const [row] = await db.query<{ did: boolean }>(
      'select coalesce(pgauto_mv.repair_v1(), pgauto_mv.repair_view_v1()) is not null as did',
    );
    if (row?.did !== true) return done;
  }
}
