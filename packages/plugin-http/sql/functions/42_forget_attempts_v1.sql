-- Removes attempts that are older than p_keep, at most 10000 at a time. Returns how many.
create or replace function pgrelay_http.forget_attempts_v1(p_keep interval) returns integer
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
  v_gone integer;
begin
  delete from pgrelay_http.attempts a where a.ctid = any (array(
    select x.ctid from pgrelay_http.attempts x where x.started_at < pgrelay.clock_now() - p_keep order by x.started_at limit 10000));
  get diagnostics v_gone = row_count;
  return v_gone;
end $$;
