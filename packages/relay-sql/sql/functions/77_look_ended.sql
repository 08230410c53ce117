-- How an event ended, for whoever waits for that: no row while it waits or runs, else its last audit row. PR028 when it is nowhere.
create or replace function pgrelay.look_ended(p_event_id bigint)
returns table (outcome text, attempt integer, sqlstate text, code text, finished_at timestamptz)
language plpgsql stable security definer set search_path = pg_catalog, pg_temp set enable_seqscan = off
as $$
begin
  if exists (select from pgrelay.queue q where q.id = p_event_id) or exists (select from pgrelay.delayed d where d.id = p_event_id) then
    return;
  end if;
  return query
    select l.outcome, l.attempt, l.sqlstate, l.code, l.finished_at from pgrelay.log l where l.event_id = p_event_id
    order by l.finished_at desc, l.attempt desc limit 1;
  if not found then
    raise exception using errcode = 'PR028', message = format('there is no event %s', p_event_id),
      hint = 'It was not committed, was rolled back, or is older than the log.';
  end if;
end $$;
