-- Gives the claim of begin_upkeep_v1() back and writes what became of it to the log: done, or failed with p_sqlstate.
-- Nothing when the claim was not ours any more.
create or replace function pgauto_mv.end_upkeep_v1(p_mv_id bigint, p_epoch bigint, p_operation text, p_reason text, p_sqlstate text) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
  v_now timestamptz := pgrelay.clock_now();
begin
  update pgauto_mv.state s set claimed_until = null where s.mv_id = p_mv_id and s.epoch = p_epoch and s.claimed_until is not null;
  if not found then
    return;
  end if;
  insert into pgauto_mv.log (at, kind, mv_id, view_name, operation, outcome, reason, epoch, duration, sqlstate)
    select v_now, 'upkeep', m.id, format('%I.%I', m.schema_name, m.view_name), p_operation,
      case when p_sqlstate is null then 'done' else 'failed' end, p_reason, p_epoch, v_now - s.claimed_at, p_sqlstate
    from pgauto_mv.mv m join pgauto_mv.state s on s.mv_id = m.id where m.id = p_mv_id;
end $$;
