-- When a group is due, by which member and for what reason (source), from what the planner noted of the members: it is due when
-- the first of them is. skip_reason: what is in the way; while it is something that time alone does not mend, due_at is NULL.
-- After a failure that waiting does not mend, the group waits for the next change of any member, or schedule, as a view would.
create or replace function pgauto_mv.group_due(p_group_id bigint) returns table (mv_id bigint, source text, due_at timestamptz, skip_reason text)
language plpgsql volatile security definer rows 1 set search_path = pg_catalog, pg_temp
as $$
declare
  v_now timestamptz := pgrelay.clock_now();
  v_broken_at timestamptz;
  v_rest record;
begin
  select h.reason into skip_reason from pgauto_mv.group_held(p_group_id) h;
  if skip_reason is null and exists (
    select from pgauto_mv.group_members(p_group_id) g join pgauto_mv.state s on s.mv_id = g.mv_id where pgauto_mv.claim_active(s, v_now))
  then
    skip_reason := 'in progress';
  end if;
  if skip_reason is not null then
    return next;
    return;
  end if;
  select max(s.claimed_at) into v_broken_at from pgauto_mv.group_members(p_group_id) g join pgauto_mv.state s on s.mv_id = g.mv_id
    where s.failures > 0 and not s.transient;
  if exists (
    select from pgauto_mv.group_members(p_group_id) g join pgauto_mv.observation o on o.mv_id = g.mv_id where o.last_seen >= v_broken_at)
  then
    v_broken_at := null;
  end if;
  select o.mv_id, o.due_source, o.due_at into mv_id, source, due_at
    from pgauto_mv.group_members(p_group_id) g join pgauto_mv.observation o on o.mv_id = g.mv_id
    where o.due_at is not null and (v_broken_at is null or o.due_source = 'wait' or o.due_source in ('schedule', 'safety') and o.due_at > v_broken_at)
    order by o.due_source is distinct from 'wait', o.due_at, o.mv_id limit 1;
  if due_at is null then
    if v_broken_at is not null then
      skip_reason := 'failed; waits for the next change';
    end if;
    return next;
    return;
  end if;
  select r.until, r.reason into v_rest from pgauto_mv.group_rest(p_group_id) r;
  skip_reason := case
    when due_at > v_now then null
    when v_rest.until > v_now then v_rest.reason
    when source not in ('wait', 'max_wait', 'retry') and pgauto_mv.group_awaits(p_group_id, v_now) then 'upstream first' end;
  due_at := greatest(due_at, v_rest.until);
  return next;
end $$;
