-- A Processor, as role p_role, could not put the pending triggers of a table on. PM009, a busy table, goes away by itself;
-- any other code is shown in get_mv_problems().
create or replace function pgauto_mv.note_tried(p_relation oid, p_code text, p_role name) returns void
language sql security definer set search_path = pg_catalog, pg_temp
as $$
  update pgauto_mv.pending_trigger p set tried_at = pgrelay.clock_now(), refused_code = nullif(p_code, 'PM009'),
      refused_role = case when p_code <> 'PM009' then p_role end
    where p.watch_id in (select w.id from pgauto_mv.watch w where w.relation = p_relation)
$$;
