-- Makes the first view dirty whose basis is not the one its contents were computed from: a plain view or a function it
-- goes through was replaced, a partition came or went, or a trigger was off, so that rows are missing which no change
-- tells of. Passes over those being refreshed: such a refresh records a basis itself; and over gated ones, which become
-- dirty when the gate ends. Returns the registration's id, NULL when there is none. Never waits.
create or replace function pgauto_mv.invalidate_changed_v1() returns bigint
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
  v_id bigint;
begin
  select s.mv_id into v_id from pgauto_mv.state s join pgauto_mv.mv m on m.id = s.mv_id
    where s.snap is not null and not pgauto_mv.is_gated(s.mv_id) and exists (select from pg_class c where c.oid = m.view)
      and s.basis is distinct from pgauto_mv.basis(m.id, m.view)
    limit 1 for update of s skip locked;
  update pgauto_mv.state s set snap = null, snaps = null where s.mv_id = v_id;
  insert into pgauto_mv.log (kind, mv_id, view_name, reason)
    select 'repair', m.id, format('%I.%I', m.schema_name, m.view_name), 'what it reads was replaced, a partition came or went, or a trigger was off'
    from pgauto_mv.mv m where m.id = v_id;
  return v_id;
end $$;
