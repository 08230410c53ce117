-- Removes incidents that were found longer than p_keep ago and are repaired, and says so in the log. Returns how many.
create or replace function pgauto_mv.forget_incidents_v1(p_keep interval) returns bigint
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
  v_before timestamptz := pgrelay.clock_now() - p_keep;
  v_count bigint;
begin
  with gone as (
    delete from pgauto_mv.incident i where i.repaired_at is not null and i.found_at < v_before returning i.mv_id, i.view_name
  ), noted as (
    insert into pgauto_mv.log (kind, mv_id, view_name, outcome, reason)
      select 'verify', g.mv_id, min(g.view_name), 'forgotten', format('%s incidents found before %s, all repaired', count(*), v_before) from gone g group by g.mv_id
  )
  select count(*) into v_count from gone;
  return v_count;
end $$;
