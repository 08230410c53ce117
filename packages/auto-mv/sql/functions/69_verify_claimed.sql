-- Whether a verification of a view is running, as far as the committed row tells.
create or replace function pgauto_mv.verify_claimed(p_verification pgauto_mv.verification, p_now timestamptz) returns boolean
language sql volatile set search_path = pg_catalog, pg_temp
as $$
  select p_verification.claimed_until is not null and p_verification.claimed_until > p_now
    and not pgauto_mv.backend_gone(p_verification.claimed_pid, p_verification.claimed_backend_start, p_verification.claimed_at)
$$;
