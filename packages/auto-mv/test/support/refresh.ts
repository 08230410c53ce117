import type { TestDatabase } from '@pgrelay/test-support';
import type pg from 'pg';
import { defaultAutoMvOptions } from '../../src/options.js';
import type { RefreshSource } from '../../src/refresh-request.js';
import { type RefreshResult, refreshView } from '../../src/refresh-view.js';

const never = new AbortController().signal;

/** Refreshes a view at once, as the handler would; a token nobody has makes it unconditional. */
export async function refresh(
  client: pg.Client,
  mvId: string,
  source: RefreshSource = 'now',
  token: string | null = '9000000000000000000',
): Promise<RefreshResult> {
  return refreshView(client, { mvId, source, token }, defaultAutoMvOptions, never, async () => undefined);
}

/** The planner asks through this channel; a Processor would declare it. */
export async function declareChannel(db: TestDatabase): Promise<void> {
  await db.query("select pgrelay.declare_handlers_v1(array['pgauto_mv.refresh'], array['leased'], true)");
}

/** What the planner and others have asked for these views and nobody has begun yet. */
export async function requests(db: TestDatabase, ...mvIds: string[]): Promise<{ mv: string; source: string }[]> {
  const rows = await db.query<{ payload: string }>('select payload from pgrelay.queue order by place');
  return rows
    .map(({ payload }) => JSON.parse(payload) as { mv: string; source: string })
    .filter(({ mv }) => mvIds.includes(mv))
    .map(({ mv, source }) => ({ mv, source }));
}

/** Takes every request out of the queue, as if a worker had claimed it. */
export async function takeRequests(db: TestDatabase): Promise<void> {
  await db.query(
    'with d as (delete from pgrelay.queue returning id) delete from pgrelay.dedup where event_id in (select id from d)',
  );
}

export async function isDirty(db: TestDatabase, mvId: string): Promise<boolean> {
  const rows = await db.query<{ dirty: boolean }>('select dirty from pgauto_mv.freshness where id = $1', [mvId]);
  return rows[0]?.dirty ?? false;
}
