-- For enter_verify_v1(), in its snapshot: whether contents and query of a view can be compared now, by these roles.
--   outcome   compare; else why not: gone (the claim is not ours any more), excluded (never, see unverifiable), dirty (a change is
--             visible that the contents lack, so that they should differ), in doubt (what it reads was replaced, or a trigger was
--             off: repair has it refreshed), not noted (with which settings it was refreshed)
--   settings  those of the session that refreshed it; basis: see the function basis
create or replace function pgauto_mv.look_verify_v1(p_mv_id bigint, p_epoch bigint, p_roles name[])
returns table (outcome text, reason text, view oid, settings jsonb, as_of pg_snapshot, contents_epoch bigint, basis text)
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
declare
  v_mv pgauto_mv.mv;
  v_state pgauto_mv.state;
begin
  if current_setting('transaction_isolation') not in ('repeatable read', 'serializable') then
    raise exception using errcode = 'PM018', message = 'a comparison needs a REPEATABLE READ transaction of its own',
      hint = 'begin isolation level repeatable read, read only; then enter_verify_v1 and its statements.';
  end if;
  select m.* into v_mv from pgauto_mv.mv m where m.id = p_mv_id;
  select s.* into v_state from pgauto_mv.state s where s.mv_id = p_mv_id;
  view := v_mv.view;
  as_of := pg_current_snapshot();
  contents_epoch := v_state.done_epoch;
  basis := pgauto_mv.basis(p_mv_id, v_mv.view);
  settings := (select jsonb_object_agg(k.key, v_state.settings -> k.key) from jsonb_object_keys(pgauto_mv.session_settings()) k(key) where v_state.settings ? k.key);
  if not exists (select from pgauto_mv.verification v where v.mv_id = p_mv_id and v.epoch = p_epoch and v.claimed_until is not null)
      or not exists (select from pg_class c where c.oid = v_mv.view) then
    outcome := 'gone';
  elsif v_mv.node_id is distinct from pgauto_mv.node_here() or pg_snapshot_xmax(v_state.snap) > pg_snapshot_xmax(as_of) then
    outcome := 'dirty';
    reason := 'it was restored, and not refreshed here yet';
  else
    reason := pgauto_mv.unverifiable(p_mv_id, p_roles);
    if reason is not null then
      outcome := 'excluded';
    elsif not (select c.relispopulated from pg_class c where c.oid = v_mv.view) then
      outcome := 'dirty';
      reason := 'it has no contents';
    elsif pgauto_mv.is_dirty(p_mv_id, v_state.snap) then
      outcome := 'dirty';
      reason := case when v_mv.paused_at is not null then 'changes wait while it is paused' when pgauto_mv.is_gated(p_mv_id) then 'a source is gated'
        when v_state.snap is null then 'it is to be refreshed anew' else 'changes wait for its next refresh' end;
    elsif v_state.basis is distinct from basis then
      outcome := 'in doubt';
      reason := 'what it reads was replaced, a partition came or went, or a trigger was off';
    elsif v_state.settings is null then
      outcome := 'not noted';
      reason := 'its last refresh did not note the settings of its session';
    else
      outcome := 'compare';
    end if;
  end if;
  return next;
end $$;
