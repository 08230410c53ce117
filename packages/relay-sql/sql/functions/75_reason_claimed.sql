-- explain_event: a Processor has it, or had it and is gone.
create or replace function pgrelay.reason_claimed(p_event pgrelay.explained_event) returns table (reason text, evidence text, remedy text)
language sql stable set search_path = pg_catalog, pg_temp
as $$
  select 'claimed', format('slot %s worker %s of %s pid %s has it since %s', p_event.slot, p_event.worker, i.host, i.pid, p_event.claimed_at)
      || case when i.blocked_since is not null then format('; a handler has blocked that process since %s', i.blocked_since) else '' end,
    format('select pgrelay.cancel(%s);  -- only to stop it', p_event.id)
  from pgrelay.instance i
  where p_event.stage = 'claimed' and i.slot = p_event.slot and i.epoch = p_event.epoch and i.alive and i.heartbeat_at > pgrelay.clock_now() - i.lease
  union all
  select 'processor_lost', format('slot %s had it since %s, and its Processor is gone', p_event.slot, p_event.claimed_at),
    'call pgrelay.run();  -- takes it back, as every living Processor does: npx pgrelay start'
  where p_event.stage = 'claimed' and not exists (
    select from pgrelay.instance i
    where i.slot = p_event.slot and i.epoch = p_event.epoch and i.alive and i.heartbeat_at > pgrelay.clock_now() - i.lease)
$$;
