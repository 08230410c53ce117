import { useDatabase } from '@pgrelay/test-support';
import { expect, test } from 'vitest';

const CHANNELS = 1_000;
const db = useDatabase();

/** What a look does to find the channels with work, with the arguments of a Processor that serves them all. */
const LOOK = `select json_array_length(k.channels) as found from pgrelay.look_v1(
  (select array_agg(c.id) from pgrelay.channel c), (select array_agg(l.channel_id) from pgrelay.lane l), (select array_agg(l.priority) from pgrelay.lane l),
  (select array_agg(1::bigint) from pgrelay.lane l), null, null, false, false, false, false, false) k`;

/** A node of a plan, as EXPLAIN writes it. */
interface Node {
  readonly 'Node Type': string;
  readonly 'Actual Loops': number;
  readonly Plans?: readonly Node[];
}
const nodes = (node: Node): Node[] => [node, ...(node.Plans ?? []).flatMap(nodes)];

test(`a look at ${CHANNELS} channels goes through the marks and the handlers once, not once a channel`, async () => {
  await db.query(
    `do $$ begin for i in 1 .. ${CHANNELS} loop perform pgrelay.register_channel('many.' || i); end loop; end $$`,
  );
  const { query } = await inner();
  expect(await db.query(LOOK)).toEqual([{ found: 0 }]);
  await db.query("select pgrelay.notify('many.7'), pgrelay.notify('many.8')");
  expect(await db.query(LOOK)).toEqual([{ found: 2 }]);
  const scans = nodes(query).filter((node) => node['Node Type'] === 'Function Scan');
  expect(scans.length).toBe(2);
  for (const scan of scans) expect(scan['Actual Loops']).toBe(1);
});

/** The plan of the statement in ready_channels(), generic as after some calls, never analysed. */
async function inner(): Promise<{ query: Node }> {
  const client = await db.connect();
  const { rows } = await client.query<{ body: string }>(
    "select prosrc as body from pg_proc where oid = 'pgrelay.ready_channels'::regproc",
  );
  const text = /return query\s(.*);\s*end/s.exec(rows[0]?.body ?? '')?.[1] ?? '';
  const names = ['p_handler_channels', 'p_channels', 'p_priorities', 'p_lows'];
  const numbered = names.reduce(
    (sql, name, at) => sql.replaceAll(new RegExp(`\\b${name}\\b`, 'g'), `$${at + 1}`),
    text,
  );
  const lanes = await client.query<{ ids: string; priorities: string }>(
    'select array_agg(l.channel_id)::text as ids, array_agg(l.priority)::text as priorities from pgrelay.lane l',
  );
  const { ids = '', priorities = '' } = lanes.rows[0] ?? {};
  await client.query('begin');
  await client.query('set local role pgrelay_owner');
  await client.query(
    'set local search_path = pg_catalog; set local enable_seqscan = off; set local enable_bitmapscan = off',
  );
  await client.query('set local plan_cache_mode = force_generic_plan');
  await client.query(`prepare inner_look (integer[], integer[], smallint[], bigint[]) as ${numbered}`);
  const plan = await client.query<{ 'QUERY PLAN': [{ Plan: Node }] }>(
    `explain (analyze, timing off, format json) execute inner_look('${ids}', '${ids}', '${priorities}', '${ids}')`,
  );
  await client.query('rollback');
  await client.query('deallocate inner_look');
  const query = plan.rows[0]?.['QUERY PLAN'][0].Plan;
  if (query === undefined) throw new Error('there is a plan');
  return { query };
}
