-- Claims a view for one verifier, in a statement (and transaction) of its own, on the connection that will compare.
--   p_view     that one, whatever the budget; NULL: the one whose turn it is
--   p_done     views to leave out
--   p_timeout  of a statement of the comparison; 0: none. The claim holds for a few of them
-- Whose turn it is: contents that were not verified for long come first; what a comparison takes makes its turn come later, so
-- that one dear view does not take it all. Nobody's, while the budget is used up (see end_verify_v1) or another looks. What
-- a verifier leaves that has died is free at once.
-- outcome: go (epoch is the fence, pid the backend to cancel) | nothing (wait_ms: when to ask again at the latest) | in progress: it
-- is being refreshed or verified. Never waits. Error: PM004 p_view is not registered.
create or replace function pgauto_mv.begin_verify_v1(p_view oid, p_timeout interval, p_done bigint[] default '{}')
returns table (outcome text, mv_id bigint, epoch bigint, pid integer, wait_ms bigint)
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  v_now timestamptz;
  v_next timestamptz;
  v_id bigint;
  v_row pgauto_mv.verification;
  v_until timestamptz;
begin
  insert into pgauto_mv.verification (mv_id) select m.id from pgauto_mv.mv m
    where (p_view is null or m.view = p_view) and not exists (select from pgauto_mv.verification v where v.mv_id = m.id) on conflict do nothing;
  v_now := pgrelay.clock_now();
  if p_view is null then
    wait_ms := 1000;
    select b.next_at into v_next from pgauto_mv.verifier b for update skip locked;
    if v_next > v_now and exists (select from pgauto_mv.verification v where pgauto_mv.verify_abandoned(v)) then
      update pgauto_mv.verification v set claimed_until = null where pgauto_mv.verify_abandoned(v);
      update pgauto_mv.verifier b set next_at = v_now;
      v_next := v_now;
    end if;
    if v_next > v_now then
      wait_ms := ceil(extract(epoch from v_next - v_now) * 1000);
    end if;
    if v_next is null or v_next > v_now then
      outcome := 'nothing';
      return next;
      return;
    end if;
    delete from pgauto_mv.verification v where not exists (select from pgauto_mv.mv m where m.id = v.mv_id);
  end if;
  for v_id in
    select v.mv_id from pgauto_mv.verification v
    join pgauto_mv.mv m on m.id = v.mv_id
    join pgauto_mv.state s on s.mv_id = v.mv_id
    where case when p_view is not null then m.view = p_view
      else coalesce(v.next_at <= v_now, true) and m.node_id = pgauto_mv.node_here() and s.refreshes > 0 and v.mv_id <> all (p_done) end
    order by (v_now - coalesce(v.verified_until + v.duration, m.registered_at)) / (1 + extract(epoch from coalesce(v.duration, s.done_duration, '0'))) desc, v.mv_id
  loop
    select v.* into v_row from pgauto_mv.verification v where v.mv_id = v_id for update skip locked;
    if found and not pgauto_mv.verify_claimed(v_row, v_now) and not exists (
      select from pgauto_mv.state s where s.mv_id = v_id and pgauto_mv.claim_active(s, v_now)) then
      v_until := v_now + case p_timeout when '0' then interval '1 day' else 6 * p_timeout + interval '1 min' end;
      update pgauto_mv.verification v set epoch = v.epoch + 1, claimed_at = v_now, claimed_until = v_until, claimed_pid = pg_backend_pid(),
          claimed_backend_start = (select a.backend_start from pg_stat_get_activity(pg_backend_pid()) a)
        where v.mv_id = v_id returning 'go', v.mv_id, v.epoch, v.claimed_pid into outcome, mv_id, epoch, pid;
      if p_view is null then
        update pgauto_mv.verifier b set next_at = v_until;       -- until end_verify_v1 knows what it took
      end if;
      wait_ms := null;
      return next;
      return;
    end if;
  end loop;
  if p_view is not null then
    v_id := pgauto_mv.find_mv(p_view);
    outcome := 'in progress';
  else
    outcome := 'nothing';
  end if;
  return next;
end $$;
