-- Gives a claim back without blaming the view: the Processor is stopping, or lost its lease. The view stays dirty and
-- is asked for again by the next planner that looks.
create or replace function pgauto_mv.release_refresh_v1(p_mv_id bigint, p_epoch bigint, p_source text, p_reason text) returns boolean
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
  v_now timestamptz := pgrelay.clock_now();
begin
  update pgauto_mv.state s set claimed_until = null, epoch = s.epoch + 1
    where s.mv_id = p_mv_id and s.epoch = p_epoch and s.claimed_until is not null;
  if not found then
    return false;
  end if;
  insert into pgauto_mv.log (at, kind, mv_id, view_name, source, outcome, reason, epoch, duration)
    select v_now, 'attempt', m.id, format('%I.%I', m.schema_name, m.view_name), p_source, 'released', p_reason, p_epoch, v_now - s.claimed_at
    from pgauto_mv.mv m join pgauto_mv.state s on s.mv_id = m.id where m.id = p_mv_id;
  return true;
end $$;
