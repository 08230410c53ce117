import type { TestDatabase } from '@pgrelay/test-support';
import type pg from 'pg';
import { channelId, claim, runBatch, settle } from '../slot.js';
import type { AskedOutcome, Claim, Fence, Problem, Sent } from './model-types.js';
import { LEASE_MS } from './model-types.js';

const START = "timestamptz '2030-01-01 00:00:00Z'";
/** Handlers serve h1 and h2; the action of sql notes its event, and fails for the payloads that say so. */
export const CHANNELS = ['h1', 'h2', 'sql'] as const;

/** The relay in a database, called as its users and Processors do, under a clock that stands still. */
export class RealRelay {
  readonly #client: pg.Client;
  readonly #owner: pg.Client;

  private constructor(client: pg.Client, owner: pg.Client) {
    this.#client = client;
    this.#owner = owner;
  }

  /** Once a test file: replaces the relay's clock and makes what the SQL action calls. */
  static async open(db: TestDatabase): Promise<RealRelay> {
    await db.query(
      `create table public.test_clock as select ${START} as at; grant select on public.test_clock to public`,
    );
    await db.query(
      'create or replace function pgrelay.clock_now() returns timestamptz language sql volatile parallel safe as $$ select at from public.test_clock $$',
    );
    await db.query('create table public.effect (event_id bigint); grant select, insert on public.effect to pgrelay');
    await db.query(`create function public.act(p_payload text) returns void language plpgsql as $$ begin
      insert into public.effect select (pgrelay.current_event()).id;
      if p_payload = 'bad' then raise exception using errcode = '22012'; end if;
      if p_payload = 'clash' then raise exception using errcode = '40001'; end if;
    end $$`);
    const owner = await db.connect();
    await owner.query('set role pgrelay_owner');
    return new RealRelay(await db.connect(), owner);
  }

  /** Before each run: nothing waits, nobody works, every channel is registered anew. */
  async reset(): Promise<void> {
    await this.#client.query(`rollback; truncate public.effect; update public.test_clock set at = ${START}`);
    await this.#owner.query(
      `delete from pgrelay.queue; delete from pgrelay.delayed; delete from pgrelay.failed; delete from pgrelay.log;
       delete from pgrelay.dedup; update pgrelay.instance set alive = false, epoch = 0`,
    );
    for (const { name } of await this.query<{ name: string }>('select name from pgrelay.channels'))
      await this.query('select pgrelay.drop_channel($1)', [name]);
    for (const name of CHANNELS) await this.register(name);
  }

  async query<T extends pg.QueryResultRow>(sql: string, params: readonly unknown[] = []): Promise<T[]> {
    return (await this.#client.query<T>(sql, [...params])).rows;
  }

  /** Does something in a transaction that is lost before its commit. */
  async cut(work: () => Promise<unknown>): Promise<void> {
    await this.query('begin');
    await work().catch(() => undefined);
    await this.query('rollback');
  }

  async setClock(ms: number): Promise<void> {
    await this.query(`update public.test_clock set at = ${START} + $1 * interval '1 ms'`, [ms]);
  }

  async register(channel: string): Promise<void> {
    await this.query('select pgrelay.register_channel($1, $2)', [
      channel,
      channel === 'sql' ? 'select public.act($1)' : null,
    ]);
  }

  async notify(channel: string, { payload, delayMs, priority, key }: Sent): Promise<string> {
    const [row] = await this.query<{ id: string }>(
      "select pgrelay.notify($1, $2, pgrelay.clock_now() + $3 * interval '1 ms', $4, $5)::text as id",
      [channel, payload, delayMs, priority, key],
    );
    return row?.id ?? '';
  }

  async notifyMany(channel: string, sent: readonly Sent[]): Promise<string[]> {
    const column = (name: keyof Sent) => sent.map((one) => one[name]);
    const [row] = await this.query<{ ids: string[] }>(
      `select pgrelay.notify_many($1, $2::text[], array(select pgrelay.clock_now() + d * interval '1 ms'
         from unnest($3::float8[]) with ordinality x(d, o) order by o), $4::integer[], $5::text[])::text[] as ids`,
      [channel, column('payload'), column('delayMs'), column('priority'), column('key')],
    );
    return row?.ids ?? [];
  }

  async attach(): Promise<Fence> {
    const [row] = await this.query<{ slot: number; epoch: string }>(
      "select slot, epoch::text from pgrelay.attach_v1('model', 1, 'test', $1, 1, '{}')",
      [LEASE_MS],
    );
    return { slot: row?.slot ?? 0, epoch: Number(row?.epoch) };
  }

  async beat({ slot, epoch }: Fence): Promise<boolean | undefined> {
    return (await this.query<{ yes: boolean }>('select pgrelay.heartbeat_v1($1, $2) as yes', [slot, epoch]))[0]?.yes;
  }

  async bury(): Promise<number[]> {
    return (await this.query<{ slot: number }>('select slot from pgrelay.bury_v1() order by 1')).map((row) => row.slot);
  }

  /** When a delayed event is due, in ms by the test clock. */
  async runAt(id: string): Promise<number> {
    const rows = await this.query<{ ms: number }>(
      `select round(extract(epoch from e.run_at - ${START}) * 1000, 3)::float8 as ms from pgrelay.events e where e.id = $1`,
      [id],
    );
    return rows[0]?.ms ?? Number.NaN;
  }

  async rescue(): Promise<number | undefined> {
    return (await this.query<{ n: number }>('select pgrelay.rescue_v1() as n'))[0]?.n;
  }

  async promote(): Promise<void> {
    await this.query('select pgrelay.promote_v1(1000)');
  }

  async claim(fence: Fence, channel: string, limit: number): Promise<string[]> {
    return claim(this, slotOf(fence), channel, limit);
  }

  async held({ slot, epoch }: Fence): Promise<string[]> {
    const rows = await this.query<{ id: string }>('select id::text from pgrelay.reclaim_v1($1, $2)', [slot, epoch]);
    return rows.map((row) => row.id);
  }

  async release({ slot, epoch }: Fence, ids: readonly string[]): Promise<number | undefined> {
    return (await this.query<{ n: number }>('select pgrelay.release_v1($1, $2, $3) as n', [slot, epoch, ids]))[0]?.n;
  }

  async detach({ slot, epoch }: Fence): Promise<void> {
    await this.query('select pgrelay.detach_v1($1, $2)', [slot, epoch]);
  }

  /** All claims are of one Processor. Returns the outcomes that were logged. */
  async settle(
    claims: readonly Claim[],
    asked: AskedOutcome,
    delayMs: number,
    error: Problem | null,
  ): Promise<string[]> {
    const [first] = claims;
    if (first === undefined) return [];
    const ids = claims.map((one) => one.id);
    const attempts = claims.map((one) => one.attempt);
    return settle(this, slotOf(first), ids, asked, delayMs, error, attempts);
  }

  async runBatch(fence: Fence, channel: string, limit: number, singly: boolean) {
    const { taken, done, retried, failed } = await runBatch(this, slotOf(fence), channel, limit, singly);
    return { taken, done, retried, failed };
  }

  async failUnclaimed({ slot, epoch }: Fence, id: string, error: Problem): Promise<string | null | undefined> {
    const rows = await this.query<{ outcome: string | null }>(
      'select pgrelay.fail_v1($1, $2, 1::smallint, $3, 0, $4) as outcome',
      [slot, epoch, id, JSON.stringify(error)],
    );
    return rows[0]?.outcome;
  }

  async setState(channel: string, state: string): Promise<void> {
    const call = { active: 'resume_channel', paused: 'pause_channel', disabled: 'disable_channel' }[state];
    await this.query(`select pgrelay.${call}($1)`, [channel]);
  }

  async drop(channel: string, force: boolean): Promise<void> {
    await this.query('select pgrelay.drop_channel($1, $2)', [channel, force]);
  }

  async redrive(id: string): Promise<void> {
    await this.query('select pgrelay.redrive($1)', [id]);
  }

  async snooze(id: string, delayMs: number): Promise<string | undefined> {
    const rows = await this.query<{ what: string }>("select pgrelay.snooze($1, $2::float8 * interval '1 ms') as what", [
      id,
      delayMs,
    ]);
    return rows[0]?.what;
  }

  async redriveChannel(channel: string, limit: number | null, perSecond: number | null): Promise<number> {
    const rows = await this.query<{ n: number }>(
      'select pgrelay.redrive_channel($1, p_limit => $2, p_per_second => $3)::integer as n',
      [channel, limit, perSecond],
    );
    return rows[0]?.n ?? 0;
  }

  /** Everything that stands in the database, in the form that the model gives too, and breaches of what must always hold. */
  async look(): Promise<unknown> {
    const { rows } = await this.#owner.query<{ all: unknown }>({ name: 'look', text: LOOK });
    return rows[0]?.all;
  }

  async channelId(name: string): Promise<number> {
    return channelId(this, name);
  }
}

const slotOf = ({ slot, epoch }: Fence) => ({ slot, epoch: String(epoch) });

/** What must hold whatever the model says; each row is a breach. */
const BREACHES = `with placed as (
  select q.id, q.attempt, (q.slot is not null)::integer as running, 'queue' as place from pgrelay.queue q
  union all select d.id, d.attempt, 0, 'delayed' from pgrelay.delayed d
  union all select f.id, f.attempt, 0, 'failed' from pgrelay.failed f
), ended as (
  select l.event_id as id, count(*) as n, count(distinct l.attempt) as attempts, min(l.attempt) as first, max(l.attempt) as last,
    count(*) filter (where l.outcome in ('done', 'cancelled')) as ends
  from pgrelay.log l group by 1
)
select 'in two places' as breach, p.id::text from placed p group by p.id having count(*) > 1
union all select 'ended, and still there', p.id::text from placed p join ended e using (id) where e.ends > 0
union all select 'ended more than once', e.id::text from ended e where e.ends > 1
union all select 'vanished', e.id::text from ended e where e.ends = 0 and not exists (select from placed p where p.id = e.id)
union all select 'an audit row for each ended attempt', e.id::text from ended e where e.attempts <> e.n or e.first <> 1 or e.last <> e.n
union all select 'attempt counts starts', p.id::text from placed p left join ended e using (id) where p.attempt <> coalesce(e.n, 0) + p.running
union all select 'a key without its event', d.event_id::text from pgrelay.dedup d where not exists (select from pgrelay.events e where e.id = d.event_id)`;

const LOOK = `select json_build_object(
  'waiting', (select coalesce(json_agg(json_build_object('id', e.id::text, 'channel', e.channel, 'state', e.state, 'attempt', e.attempt,
      'retried', e.retried, 'lost', e.lost, 'priority', e.priority, 'key', e.dedup_key, 'slot', e.slot, 'epoch', q.epoch,
      'payload', coalesce(q.payload, d.payload),
      'run_at', case when e.state = 'delayed' then round(extract(epoch from e.run_at - ${START}) * 1000, 3) end) order by e.id), '[]')
    from pgrelay.events e left join pgrelay.queue q using (id) left join pgrelay.delayed d using (id)),
  'failed', (select coalesce(json_agg(json_build_object('id', f.id::text, 'channel', f.channel, 'reason', f.reason, 'code', f.code,
      'attempt', f.attempt, 'retried', f.retried, 'lost', f.lost, 'key', f.dedup_key, 'payload', f.payload) order by f.id), '[]') from pgrelay.failed f),
  'log', (select coalesce(json_agg(json_build_array(l.event_id::text, l.attempt, l.outcome, l.code) order by l.event_id, l.attempt), '[]') from pgrelay.log l),
  'keys', (select coalesce(json_agg(json_build_array(c.name, d.key, d.event_id::text) order by c.name, d.key), '[]')
    from pgrelay.dedup d join pgrelay.channel c on c.id = d.channel_id),
  'order', (select coalesce(json_object_agg(x.name, x.ids order by x.name), '{}') from (
    select c.name, json_agg(q.id::text order by q.priority, q.place) as ids
    from pgrelay.queue q join pgrelay.channel c on c.id = q.channel_id where q.slot is null group by c.name) x),
  'channels', (select coalesce(json_agg(json_build_array(c.name, c.state) order by c.name), '[]') from pgrelay.channel c),
  'instances', (select coalesce(json_agg(json_build_array(i.slot, i.epoch, i.alive) order by i.slot), '[]') from pgrelay.instance i where i.epoch > 0),
  'breaches', (select coalesce(json_agg(b), '[]') from (${BREACHES}) b),
  'effects', (select coalesce(json_agg(json_build_array(x.id, x.n) order by x.id::bigint), '[]') from (
    select e.event_id::text as id, count(*) as n from public.effect e group by 1) x)
) as all`;
