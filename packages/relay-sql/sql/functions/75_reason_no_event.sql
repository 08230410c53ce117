-- explain_event: there is no such event.
create or replace function pgrelay.reason_no_event(p_event pgrelay.explained_event) returns table (reason text, evidence text, remedy text)
language sql stable set search_path = pg_catalog, pg_temp
as $$
  select 'no_event', case when pgrelay.was_given_out(p_event.id) then 'its id was given out: its transaction was rolled back, or its audit rows are older than the log is kept'
      else format('no event has had this id; the newest is %s', (select s.last_value from pgrelay.event_id_seq s)) end,
    '-- Nothing: look for the id that notify() returned.'
  where p_event.stage = 'unknown' and (pg_is_in_recovery() or not pgrelay.was_given_out(p_event.id) or not exists (select from pgrelay.open_producers()))
$$;
