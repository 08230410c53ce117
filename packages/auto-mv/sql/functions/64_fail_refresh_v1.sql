-- Ends a refresh that failed, after its transaction was rolled back: the view stays as dirty as it was. Class 40, lock
-- and statement timeouts and a lost connection are transient and retried after 3, 5, 10 s and then growing pauses; so is
-- one that gave way (p_sqlstate PM061, p_message says to whom), and a view that became unfit for CONCURRENTLY after the
-- refresh had begun. Any other error waits for the next change, or an explicit request, after the same pauses. The
-- server's words go to the table failure only; state and log hold codes. Returns in how many ms to try again; NULL when
-- it is not transient, and when the claim was not ours any more (nothing is written).
create or replace function pgauto_mv.fail_refresh_v1(
  p_mv_id bigint, p_epoch bigint, p_source text, p_mode text, p_sqlstate text, p_message text, p_detail text, p_hint text
) returns bigint
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
  v_retry_at timestamptz;
  v_now timestamptz := pgrelay.clock_now();
  v_view oid := (select m.view from pgauto_mv.mv m where m.id = p_mv_id);
  v_unpinned text := pgauto_mv.unpinned_digest(v_view);
  v_gave_way boolean := p_sqlstate is not distinct from 'PM061';
  v_transient boolean := p_sqlstate is null or v_gave_way or left(p_sqlstate, 2) in ('40', '08', '57') or p_sqlstate in ('55P03', '53300')
    or p_mode is not distinct from 'concurrently' and p_sqlstate in ('55000', '0A000') and exists (select from pgauto_mv.refresh_mode(v_view) r where r.mode = 'plain');
  v_code text := case when p_sqlstate ~ '^PM' then p_sqlstate
    when p_mode = 'concurrently' and p_sqlstate in ('21000', '23505') then 'PM015'
    when p_sqlstate in ('42P01', '42883', '42704') and v_unpinned is not null
      and current_setting('server_version_num')::integer >= 170000 then 'PM062' end;
begin
  update pgauto_mv.state s set claimed_until = null, failures = s.failures + 1, failed_at = v_now, failed_sqlstate = p_sqlstate,
      failed_code = v_code, transient = v_transient, next_retry_at = v_now + pgauto_mv.retry_pause(s.failures + 1),
      unique_index = case when v_code is distinct from 'PM015' then s.unique_index end,      -- it is no key, so it is not to be made again
      failed_functions = case v_code when 'PM062' then v_unpinned end
    where s.mv_id = p_mv_id and s.epoch = p_epoch and s.claimed_until is not null
    returning s.next_retry_at into v_retry_at;
  if not found then
    return null;
  end if;
  insert into pgauto_mv.failure (mv_id, at, sqlstate, message, detail, hint)
    values (p_mv_id, v_now, p_sqlstate, p_message, p_detail, p_hint)
    on conflict (mv_id) do update set at = excluded.at, sqlstate = excluded.sqlstate, message = excluded.message,
      detail = excluded.detail, hint = excluded.hint;
  insert into pgauto_mv.log (at, kind, mv_id, view_name, source, outcome, reason, mode, epoch, duration, sqlstate, code)
    select v_now, 'attempt', m.id, format('%I.%I', m.schema_name, m.view_name), p_source,
      case when v_gave_way then 'gave way' else 'failed' end, case when v_gave_way then p_message end, p_mode, p_epoch,
      v_now - s.claimed_at, p_sqlstate, v_code
    from pgauto_mv.mv m join pgauto_mv.state s on s.mv_id = m.id where m.id = p_mv_id;
  return case when v_transient then ceil(extract(epoch from v_retry_at - v_now) * 1000) end;
end $$;
