-- Compares a registered view with its query now: CALL pgauto_mv.verify_mv('reporting.daily'). See verify_due() for what it does.
--   p_outcome  equal, differs (then it is an incident, and is refreshed), or why nothing can be told: dirty, in doubt, excluded, in progress …;
--              pgauto_mv.freshness has the reason
-- Call it outside a transaction block (else 2D000). The caller needs role pgrelay_processor and must be allowed to read the view and what its
-- query reads. Error: PM004.
create or replace procedure pgauto_mv.verify_mv(p_view regclass, inout p_outcome text default null)
language plpgsql
as $$
declare
  v_claim record;
begin
  commit;
  perform pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);      -- ends with each transaction
  select b.* into v_claim from pgauto_mv.begin_verify_v1(p_view, '0') b;
  p_outcome := v_claim.outcome;
  if v_claim.outcome = 'go' then
    p_outcome := null;
    call pgauto_mv.verify_one(v_claim.mv_id, v_claim.epoch, '0', '16MB', null, '10 min', p_outcome);
  end if;
end $$;
