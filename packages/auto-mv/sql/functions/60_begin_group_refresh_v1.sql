-- Claims every member of a group for one refresher, or none: begin_refresh_v1() for a view that is in a group (its outcome is
-- group then). Parameters as there; p_mv_id is the member that was asked for. The claim holds for the statement timeouts of
-- all members together, and a minute.
-- outcome: as there, and of the group: paused, installing, gated, in progress when one member is. members: their ids in the
-- order in which they are to be refreshed; epochs: the fence of each. Never waits.
create or replace function pgauto_mv.begin_group_refresh_v1(p_mv_id bigint, p_source text, p_token xid8, p_statement_timeout interval)
returns table (outcome text, pid integer, retry_ms bigint, members bigint[], epochs bigint[])
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
  v_group bigint := (select m.group_id from pgauto_mv.mv m where m.id = p_mv_id);
  v_now timestamptz;
  v_until timestamptz;
  v_lease interval;
  v_rest record;
begin
  members := array(select g.mv_id from pgauto_mv.group_members(v_group) g order by g.place);
  perform from (select s.mv_id from pgauto_mv.state s where s.mv_id = any (members) order by s.mv_id for update skip locked) l having count(*) = cardinality(members);
  if v_group is null then                                -- left it since it was asked for
    outcome := 'in progress';
    v_until := pgrelay.clock_now() + interval '500 ms';
  elsif members = '{}' then
    outcome := 'gone';
  elsif exists (select from pgauto_mv.mv m where m.id = any (members) and m.node_id is distinct from pgauto_mv.node_here()) then
    outcome := 'restored';
    v_until := pgrelay.clock_now() + interval '1 s';
  elsif not found then
    outcome := 'in progress';
    v_until := pgrelay.clock_now() + interval '500 ms';
  end if;
  v_now := pgrelay.clock_now();
  if outcome is null then
    if exists (select from pgauto_mv.state s where s.mv_id = any (members) and pgauto_mv.claim_active(s, v_now)) then
      outcome := 'in progress';
      v_until := v_now + interval '500 ms';
    elsif p_token is not null and pgauto_mv.holds(p_mv_id, p_token)
        or p_token is null and not exists (
          select from pgauto_mv.mv m join pgauto_mv.state s on s.mv_id = m.id left join pgauto_mv.observation o on o.mv_id = m.id
          where m.id = any (members) and (pgauto_mv.is_dirty(m.id, s.snap) or pgauto_mv.is_overdue(m, s, o.fired_at, v_now))) then
      outcome := 'fresh';
    elsif p_source <> 'now' then
      outcome := (select h.reason from pgauto_mv.group_held(v_group) h);
      if outcome is null then
        select r.until, r.reason into v_rest from pgauto_mv.group_rest(v_group) r where r.until > v_now;
        outcome := v_rest.reason;
        v_until := v_rest.until;
      end if;
    end if;
  end if;
  if outcome is not null then
    perform pgauto_mv.log_skip(p_mv_id, p_source, outcome);
    retry_ms := ceil(extract(epoch from v_until - v_now) * 1000);
    members := null;
    return next;
    return;
  end if;
  select case when bool_or(x.timeout = '0') then interval '1 day' else sum(x.timeout) + interval '1 min' end into v_lease
    from (select coalesce(m.statement_timeout, p_statement_timeout) as timeout from pgauto_mv.mv m where m.id = any (members)) x;
  update pgauto_mv.state s set epoch = s.epoch + 1, claimed_at = v_now, claimed_until = v_now + v_lease, claimed_pid = pg_backend_pid(),
      claimed_backend_start = (select a.backend_start from pg_stat_get_activity(pg_backend_pid()) a)
    where s.mv_id = any (members);
  epochs := array(select s.epoch from unnest(members) with ordinality u(id, place) join pgauto_mv.state s on s.mv_id = u.id order by u.place);
  outcome := 'go';
  pid := pg_backend_pid();
  return next;
end $$;
