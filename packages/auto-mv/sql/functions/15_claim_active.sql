-- Whether a refresh of the view is running, as far as the committed state tells: claimed, not expired, its backend alive.
create or replace function pgauto_mv.claim_active(p_state pgauto_mv.state, p_now timestamptz) returns boolean
language sql volatile set search_path = pg_catalog, pg_temp
as $$
  select p_state.claimed_until is not null and p_state.claimed_until > p_now
    and not pgauto_mv.backend_gone(p_state.claimed_pid, p_state.claimed_backend_start, p_state.claimed_at)
$$;
