-- First statement of the REPEATABLE READ transaction that refreshes a group: enter_refresh_v1() for all members, in order.
-- What each contains is the transaction's snapshot and what the transaction itself writes, since a member reads the members
-- above it as they have just been refreshed: so their snap sees this transaction too, and its change rows make none of them dirty.
-- Returns how all of them are refreshed, with the reason if plainly, and for lock_group_v1() their views in order and how long it
-- may wait. Errors: PM013 a claim is not ours any more, PM018 another isolation level, 40001 somebody changed the group or a
-- state row since; roll back in any case.
create or replace function pgauto_mv.enter_group_refresh_v1(
  p_mv_ids bigint[], p_epochs bigint[], p_statement_timeout interval, p_plain_lock_timeout interval,
  p_settings jsonb default pgauto_mv.session_settings()       -- a default is calculated in the caller's session
) returns table (mode text, reason text, views oid[], lock_timeout interval)
language plpgsql security definer rows 1 set search_path = pg_catalog, pg_temp
as $$
declare
  v_snap pg_snapshot := pgauto_mv.snapshot_with(pg_current_snapshot(), pg_current_xact_id());
  v_group bigint := (select m.group_id from pgauto_mv.mv m where m.id = p_mv_ids[1]);
  v_roots jsonb := '{}';
  v_root jsonb;
  v_mv pgauto_mv.mv;
  v_installing boolean;
begin
  if current_setting('transaction_isolation') not in ('repeatable read', 'serializable') then
    raise exception using errcode = 'PM018', message = 'the refresh of a group needs a REPEATABLE READ transaction of its own',
      hint = 'begin isolation level repeatable read; then enter_group_refresh_v1, each REFRESH, finish_group_refresh_v1, commit.';
  end if;
  views := array(select m.view from unnest(p_mv_ids) with ordinality u(id, place) join pgauto_mv.mv m on m.id = u.id order by u.place);
  select m.mode, m.reason into mode, reason from pgauto_mv.group_mode(v_group) m;
  for v_i in 1 .. cardinality(p_mv_ids) loop
    select m.* into v_mv from pgauto_mv.mv m where m.id = p_mv_ids[v_i];
    v_installing := pgauto_mv.installing(v_mv.id);
    select jsonb_build_object('root', min(x.root), 'root_at', min(x.root_at), 'root_duration', max(x.root_duration)) into v_root from (
      select r.root, r.root_at, r.root_duration from pgauto_mv.state s cross join lateral pgauto_mv.unserved_root(s.mv_id, s.snap) r where s.mv_id = v_mv.id
      union all
      select r.root, r.root_at, null from pgauto_mv.view_watch d join pgauto_mv.watch w on w.id = d.watch_id and w.operation = 'REFRESH'
        join pgauto_mv.mv u on u.view = w.relation cross join lateral jsonb_to_record(v_roots -> u.id::text) r(root xid8, root_at timestamptz)
      where d.mv_id = v_mv.id) x;
    v_roots := v_roots || jsonb_build_object(v_mv.id::text, v_root);
    update pgauto_mv.state s set snap = case when not v_installing then v_snap end, basis = pgauto_mv.basis(v_mv.id, v_mv.view), settings = p_settings, claimed_until = null,
        snaps = case when not v_installing then pgauto_mv.snaps_of(v_mv.view, v_snap) end, as_of = pgauto_mv.as_of(v_mv.view),
        unique_index = case when mode = 'concurrently' then pg_get_indexdef(pgauto_mv.key_index(v_mv.view)) else s.unique_index end
      where s.mv_id = v_mv.id and s.epoch = p_epochs[v_i];
    if not found then
      raise exception using errcode = 'PM013', message = format('the claim %s of view %s is not valid any more', p_epochs[v_i], p_mv_ids[v_i]),
        hint = 'Somebody else refreshes the view, or it was unregistered. Roll back.';
    end if;
  end loop;
  if p_mv_ids <> array(select g.mv_id from pgauto_mv.group_members(v_group) g order by g.place) then
    raise exception using errcode = '40001', message = 'the group has changed since it was claimed', hint = 'Roll back, and try again.';
  end if;
  perform set_config('pgauto_mv.roots', v_roots::text, true), set_config('pgauto_mv.members', '{}', true);   -- for finish_group_refresh_v1
  select max(coalesce(m.lock_timeout, p_plain_lock_timeout)),
      set_config('statement_timeout', round(extract(epoch from max(coalesce(m.statement_timeout, p_statement_timeout))) * 1000)::text, true)
    into lock_timeout from pgauto_mv.mv m where m.id = any (p_mv_ids);
  perform pg_stat_force_next_flush();
  begin                               -- the server notices within a second that a killed Processor has gone
    perform set_config('client_connection_check_interval', '1000', true);
  exception when invalid_parameter_value then
    null;                             -- not on this platform: it notices when it sends its answer
  end;
  return next;
end $$;
