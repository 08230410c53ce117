-- explain_event: nothing is in its way; it comes when those before it have been taken. Counts 10,000 of them at most.
create or replace function pgrelay.reason_queued(p_event pgrelay.explained_event) returns table (reason text, evidence text, remedy text)
language sql stable set search_path = pg_catalog, pg_temp
as $$
  select 'queued', case when p_event.stage = 'delayed' then format('due since %s; a Processor moves it to the queue at its next look', p_event.run_at)
      when x.n = 0 then 'it is the next one of its channel' else format('%s%s events of its channel are before it', x.n, case when x.n = 10000 then ' or more' else '' end) end,
    '-- Nothing is in its way.'
  from (select count(*) as n from (
    select from pgrelay.queue q
    where q.channel_id = p_event.channel_id and q.slot is null and (q.priority, q.place) < (p_event.priority, p_event.place) limit 10000) y) x
  where p_event.stage in ('ready', 'delayed')
$$;
