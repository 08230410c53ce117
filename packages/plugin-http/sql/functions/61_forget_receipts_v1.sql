-- Forgets the keys of what was received longer ago than p_keep, at most 10,000 in one call; returns how many. Several
-- Processors may call it at once: what another one is just forgetting is left to it.
create or replace function pgrelay_http.forget_receipts_v1(p_keep interval) returns integer
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
  v_gone integer;
begin
  delete from pgrelay_http.receipt r where r.ctid = any (array(
    select x.ctid from pgrelay_http.receipt x where x.received_at < pgrelay.clock_now() - p_keep limit 10000 for update skip locked));
  get diagnostics v_gone = row_count;
  return v_gone;
end $$;
