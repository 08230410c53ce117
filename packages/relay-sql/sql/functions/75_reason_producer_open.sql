-- explain_event: no such event is to be seen, but its id was given out and transactions that have sent events are open: one of them may
-- have sent it.
create or replace function pgrelay.reason_producer_open(p_event pgrelay.explained_event) returns table (reason text, evidence text, remedy text)
language sql stable set search_path = pg_catalog, pg_temp
as $$
  select 'producer_open', format('its id was given out; %s has sent events in a transaction that is still open', pgrelay.name_backend(h.pid)),
    format('select pg_terminate_backend(%s);  -- or let it commit or roll back', h.pid)
  from pgrelay.open_producers() h where p_event.stage = 'unknown' and h.pid is not null and pgrelay.was_given_out(p_event.id)
  union all
  select 'producer_open', format('its id was given out; the prepared transaction %s has sent events', h.prepared), format('commit prepared %L;', h.prepared)
  from pgrelay.open_producers() h where p_event.stage = 'unknown' and h.prepared is not null and pgrelay.was_given_out(p_event.id)
$$;
