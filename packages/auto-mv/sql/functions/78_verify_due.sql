-- Does the verification of a Processor without one, or beside some: CALL pgauto_mv.verify_due() from psql or pg_cron. Compares views with
-- their queries, those first that were not verified for longest, as far as the budget goes that all verifiers of the database share.
-- Contents must equal the query, as a bag, when no change of what it reads is waiting: else it is an incident, and the view is refreshed.
--   p_share     the share of the time of one connection that it may take, above 0 up to 1
--   p_every     how long a view that was verified is left alone
--   p_verified  how many comparisons told something
-- A view is compared once a call, so that the call ends.
-- Call it outside a transaction block (else 2D000, before anything is done). The caller needs role pgrelay_processor, and must be allowed to
-- read the views and what their queries read. Nothing cancels a comparison for the sake of DDL, and no timer can be set inside a call: the
-- caller's own statement_timeout bounds it. Error: PM091 p_share.
create or replace procedure pgauto_mv.verify_due(p_share double precision default 0.01, p_every interval default interval '10 min', inout p_verified bigint default 0)
language plpgsql
as $$
declare
  v_done pg_catalog.int8[] := '{}';
  v_claim record;
  v_outcome pg_catalog.text;
begin
  commit;
  p_verified := 0;
  loop
    perform pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);    -- ends with each transaction
    if not coalesce(p_share > 0 and p_share <= 1, false) or not coalesce(p_every >= interval '0', false) then
      raise exception using errcode = 'PM091', message = pg_catalog.format('p_share is %s and p_every %s', coalesce(p_share::text, 'NULL'), coalesce(p_every::text, 'NULL')),
        hint = 'p_share is above 0 and at most 1; p_every is no negative time.';
    end if;
    perform pgauto_mv.repair_incidents_v1();
    commit;
    perform pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
    select b.* into v_claim from pgauto_mv.begin_verify_v1(null, '0', v_done) b;
    exit when v_claim.outcome <> 'go';
    v_done := v_done || v_claim.mv_id;
    v_outcome := null;
    call pgauto_mv.verify_one(v_claim.mv_id, v_claim.epoch, '0', '16MB', p_share, p_every, v_outcome);
    perform pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
    if v_outcome in ('equal', 'differs') then
      p_verified := p_verified + 1;
    end if;
  end loop;
  commit;
end $$;
