-- Forgets failed events that failed longer ago than the retention, at most p_limit, with their payloads and recorded effects; their
-- audit rows stay as long as the log is kept. One that somebody is redriving just now is left. Returns whether there are more.
create or replace function pgrelay.forget_failed_v1(p_retention interval, p_limit integer default 1000) returns boolean
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
  v_gone bigint[];
begin
  if (p_retention > interval '0') is not true then
    raise exception using errcode = 'PR004', message = format('failed events cannot be kept for %s', coalesce(p_retention::text, 'NULL')),
      hint = 'Give an interval above 0; do not call this to keep them.';
  end if;
  with gone as (
    delete from pgrelay.failed f where f.ctid = any (array(
      select x.ctid from pgrelay.failed x where x.failed_at < pgrelay.clock_now() - p_retention limit p_limit for update skip locked))
      returning f.id
  )
  select array_agg(g.id) into v_gone from gone g;
  delete from pgrelay.effect e where e.event_id = any (v_gone);
  return coalesce(cardinality(v_gone), 0) = p_limit;
end $$;
