-- Every breach of the promises, one row each; empty when all is well. Right at any moment when nothing is enqueued and no effect
-- waits to be imported, but an event that is still under way is no breach: see that nothing waits, and look then.
with log as materialized (
  select l.event_id as id, l.attempt, l.outcome, l.outcome in ('done', 'failed', 'cancelled') as final from pgrelay.log l
), audit as materialized (
  select l.id, count(*) as n, count(distinct l.attempt) as attempts, min(l.attempt) as least, max(l.attempt) as most,
    count(*) filter (where l.final) as finals, max(l.attempt) filter (where l.final) as final_attempt, max(l.outcome) filter (where l.final) as outcome,
    count(*) filter (where l.outcome = 'lost') as losts, count(*) filter (where l.outcome = 'retried') as retries
  from log l group by l.id
), waiting as materialized (
  select e.id, e.state, e.attempt, e.retried, e.lost from pgrelay.events e
), dead as materialized (
  select f.id, f.reason, f.attempt, f.retried, f.lost from pgrelay.failed f
), effect as materialized (
  select f.event_id as id, count(*) as n, array_agg(f.attempt order by f.attempt) as attempts from faults.effect f group by f.event_id
), child as materialized (
  select c.parent as id, count(*) as n from faults.event c where c.parent is not null group by c.parent
), e as materialized (
  select v.*, coalesce(a.finals, 0) as finals, a.final_attempt, a.outcome, coalesce(a.n, 0) as audited, coalesce(a.most, 0) as most, coalesce(a.losts, 0) as losts,
    coalesce(a.retries, 0) as retries, w.id is not null as waits, w.state, w.attempt as waiting_attempt, w.retried as waiting_retried, w.lost as waiting_lost,
    d.id is not null as is_dead, d.reason, d.attempt as dead_attempt, d.retried as dead_retried, d.lost as dead_lost,
    coalesce(f.n, 0) as effects, f.attempts as effect_attempts, coalesce(c.n, 0) as sent
  from faults.event v left join audit a using (id) left join waiting w using (id) left join dead d using (id) left join effect f using (id)
    left join child c using (id)
)
select x.violation, x.id::text, x.detail from (
  select 'event lost' as violation, e.id, format('channel %s, %s audit rows', e.channel, e.audited) as detail
    from e where e.finals = 0 and not e.waits and not e.is_dead
  union all
  select 'final audit row twice', e.id, format('%s of them', e.finals) from e where e.finals > 1
  union all
  select 'audit row after the end', e.id, format('ended in attempt %s, there is a row of attempt %s', e.final_attempt, e.most)
    from e where e.finals > 0 and e.most > e.final_attempt
  union all
  select 'ended and waiting', e.id, format('%s, and %s', coalesce(e.outcome, e.reason), e.state) from e where e.waits and (e.finals > 0 or e.is_dead)
  union all
  select 'dead letter without its audit row', e.id, e.reason from e where e.is_dead and e.reason = 'failed' and e.outcome is distinct from 'failed'
  union all
  select 'audit row without its dead letter', e.id, e.outcome from e where e.outcome = 'failed' and not e.is_dead
  union all
  select 'ended and dead letter', e.id, format('%s, and %s', e.outcome, e.reason)
    from e where e.is_dead and e.finals > 0 and (e.outcome <> 'failed' or e.reason <> 'failed')
  union all
  select 'wrong end', e.id, format('%s instead of %s in %s: %s', coalesce(e.outcome, e.reason), e.expected, e.channel,
      (select concat_ws(' ', l.sqlstate, l.code, l.finished_at - l.started_at) from pgrelay.log l where l.event_id = e.id order by l.attempt desc limit 1))
    from e where (e.finals > 0 or e.is_dead) and e.reason is distinct from 'quarantined' and e.outcome is distinct from e.expected
  union all
  select 'quarantined too early', e.id, format('after %s losses', e.losts) from e where e.reason = 'quarantined' and e.losts < 3
  union all
  select 'transactional effect missing', e.id, format('done in attempt %s, effects of attempts %s', e.final_attempt, coalesce(e.effect_attempts, '{}'))
    from e where e.kind = 'transactional' and e.outcome = 'done' and not coalesce(e.final_attempt = any (e.effect_attempts), false)
  union all
  select 'transactional effect twice', e.id, format('in attempts %s', e.effect_attempts) from e where e.kind = 'transactional' and e.effects > 1
  union all
  select 'transactional effect of an undone attempt', e.id, format('effect of attempt %s, which is not done', f.attempt)
    from e join faults.effect f on f.event_id = e.id
    where e.kind = 'transactional' and not exists (select from log l where l.id = e.id and l.attempt = f.attempt and l.outcome = 'done')
  union all
  select 'leased effect missing', e.id, format('done in attempt %s, effects of attempts %s', e.final_attempt, coalesce(e.effect_attempts, '{}'))
    from e where e.outcome = 'done' and (e.kind = 'leased' and not coalesce(e.final_attempt = any (e.effect_attempts), false)
      or e.kind = 'once' and not coalesce(e.final_attempt >= e.effect_attempts[1], false))
  union all
  select 'recorded effect made again', e.id, format('%s effects, %s losses', e.effects, e.losts) from e where e.kind = 'once' and e.effects > 1 + e.losts
  union all
  select 'event not sent', e.id, format('%s of %s', e.sent, e.children) from e where e.outcome = 'done' and e.sent < e.children
  union all
  select 'event sent twice', e.id, format('%s of %s', e.sent, e.children) from e where e.kind = 'transactional' and e.sent > e.children
  union all
  select 'event sent by an undone attempt', e.id, format('%s, outcome %s', e.sent, coalesce(e.outcome, 'none'))
    from e where e.kind = 'transactional' and e.sent > 0 and e.outcome is distinct from 'done'
  union all
  select 'audit row without event', a.id, format('%s audit rows', a.n) from audit a where not exists (select from faults.event v where v.id = a.id)
  union all
  select 'effect without event', f.id, format('%s effects', f.n) from effect f where not exists (select from faults.event v where v.id = f.id)
  union all
  select 'waiting or dead without event', g.id, g.what
    from (select w.id, w.state as what from waiting w union all select d.id, d.reason from dead d) g where not exists (select from faults.event v where v.id = g.id)
  union all
  select 'attempts not counted one by one', a.id, format('%s rows, %s different attempts from %s to %s', a.n, a.attempts, a.least, a.most)
    from audit a where a.least <> 1 or a.attempts <> a.n or a.most <> a.n
  union all
  select 'attempts counted wrong', e.id, format('%s: attempt %s, retried %s, lost %s; audit rows: %s, retried %s, lost %s', coalesce(e.reason, e.state),
      coalesce(e.dead_attempt, e.waiting_attempt), coalesce(e.dead_retried, e.waiting_retried), coalesce(e.dead_lost, e.waiting_lost), e.audited, e.retries, e.losts)
    from e where e.waits and (e.waiting_attempt - (e.state = 'claimed')::integer, e.waiting_retried, e.waiting_lost) <> (e.audited, e.retries, e.losts)
      or e.is_dead and (e.dead_attempt, e.dead_retried, e.dead_lost) <> (e.audited, e.retries, e.losts)
) x order by x.violation, x.id
