-- The ms until a job or the deadline of a run is due; NULL when nothing ever is. What is due already is in another call's hands:
-- it is looked at again after 50 ms.
create or replace function pgrelay_cron.until_due(p_now timestamptz) returns double precision
language plpgsql stable security definer set search_path = pg_catalog, pg_temp set enable_seqscan = off set enable_bitmapscan = off
as $$
declare
  v_due timestamptz := least(
    (select min(j.next_fire_at) from pgrelay_cron.job j where j.state = 'active'),
    (select min(f.due_by) from pgrelay_cron.fire f where f.due_by is not null));
begin
  return case when v_due <= p_now then 50 else extract(epoch from v_due - pgrelay.clock_now()) * 1000 end;
end $$;
