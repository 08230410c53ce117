import { type TestDatabase, until } from '@pgrelay/test-support';
import type pg from 'pg';
import { defaultVerificationOptions, type VerificationOptions } from '../../src/verification-options.js';
import { type Verified, verifyGateway } from '../../src/verify-gateway.js';
import { verifyView } from '../../src/verify-view.js';

/** Compares the view whose turn it is, as the task of a Processor would; undefined: it is nobody's. */
export async function verifyNext(
  client: pg.Client,
  options: VerificationOptions = {},
): Promise<(Verified & { mvId: string }) | undefined> {
  const limits = { ...defaultVerificationOptions, ...options };
  const claim = await verifyGateway.begin(client, limits);
  if (claim === undefined) return undefined;
  return { ...(await verifyView(client, claim, limits, { by: undefined })), mvId: claim.mvId };
}

/** CALL pgauto_mv.verify_mv(): the outcome. */
export async function verifyMv(db: TestDatabase, view: string): Promise<string> {
  const rows = await db.query<{ p_outcome: string }>(`call pgauto_mv.verify_mv('${view}')`);
  return rows[0]?.p_outcome ?? '';
}

/** What is known of a view by verification. */
export async function verification(
  db: TestDatabase,
  id: string,
): Promise<{ verified: boolean; verification: string | null; reason: string | null } | undefined> {
  const [row] = await db.query<{ verified: boolean; verification: string | null; reason: string | null }>(
    'select verified_until is not null as verified, verification, verification_reason as reason from pgauto_mv.freshness where id = $1',
    [id],
  );
  return row;
}

/** The incidents of a view, oldest first. */
export function incidentsOf(
  db: TestDatabase,
  id: string,
): Promise<{ missing: number; surplus: number; cause: string; marked: boolean; repaired: string | null }[]> {
  return db.query(
    `select rows_missing::int as missing, rows_surplus::int as surplus, cause, marked_at is not null as marked, repaired_how as repaired
     from pgauto_mv.incidents where mv_id = $1 order by id`,
    [id],
  );
}

/** Until a session waits for a lock on a relation. */
export function untilSomebodyWaits(db: TestDatabase, relation: string): Promise<unknown> {
  return until(
    async () =>
      (await db.query('select from pg_locks where not granted and relation = $1::regclass', [relation])).length > 0,
    `somebody waits for ${relation}`,
  );
}
