-- Ends a refresh that failed, after its transaction was rolled back: the view stays as dirty as it was. Class 40, lock
-- and statement timeouts and a lost connection are transient and retried after 3, 5, 10 s and then growing pauses; any
-- other error waits for the next change, or an explicit request, after the same pauses. The server's words go to the
-- table failure only; state and log hold codes. Returns in
-- how many ms to try again; NULL when it is not transient, and when the claim was not ours any more (nothing is written).
create or replace function pgauto_mv.fail_refresh_v1(
  p_mv_id bigint, p_epoch bigint, p_source text, p_mode text, p_sqlstate text, p_message text, p_detail text, p_hint text
) returns bigint
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
  v_retry_at timestamptz;
  v_now timestamptz := pgrelay.clock_now();
  v_transient boolean := p_sqlstate is null or left(p_sqlstate, 2) in ('40', '08', '57') or p_sqlstate in ('55P03', '53300');
  v_code text := case when p_sqlstate ~ '^PM' then p_sqlstate
    when p_mode = 'concurrently' and p_sqlstate in ('21000', '23505') then 'PM015' end;
begin
  update pgauto_mv.state s set claimed_until = null, failures = s.failures + 1, failed_at = v_now, failed_sqlstate = p_sqlstate,
      failed_code = v_code, transient = v_transient, next_retry_at = v_now + pgauto_mv.retry_pause(s.failures + 1)
    where s.mv_id = p_mv_id and s.epoch = p_epoch and s.claimed_until is not null
    returning s.next_retry_at into v_retry_at;
  if not found then
    return null;
  end if;
  insert into pgauto_mv.failure (mv_id, at, sqlstate, message, detail, hint)
    values (p_mv_id, v_now, p_sqlstate, p_message, p_detail, p_hint)
    on conflict (mv_id) do update set at = excluded.at, sqlstate = excluded.sqlstate, message = excluded.message,
      detail = excluded.detail, hint = excluded.hint;
  insert into pgauto_mv.log (at, kind, mv_id, view_name, source, outcome, mode, epoch, duration, sqlstate, code)
    select v_now, 'attempt', m.id, format('%I.%I', m.schema_name, m.view_name), p_source, 'failed', p_mode, p_epoch,
      v_now - s.claimed_at, p_sqlstate, v_code
    from pgauto_mv.mv m join pgauto_mv.state s on s.mv_id = m.id where m.id = p_mv_id;
  return case when v_transient then ceil(extract(epoch from v_retry_at - v_now) * 1000) end;
end $$;
