-- Whether the backend that verifies a view has ended without a word.
create or replace function pgauto_mv.verify_abandoned(p_verification pgauto_mv.verification) returns boolean
language sql volatile set search_path = pg_catalog, pg_temp
as $$
  select p_verification.claimed_until is not null
    and pgauto_mv.backend_gone(p_verification.claimed_pid, p_verification.claimed_backend_start, p_verification.claimed_at)
$$;
