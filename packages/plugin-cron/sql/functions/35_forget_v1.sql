-- Forgets which events belonged to which occurrence, and what was missed, beyond p_keep; the audit log has a retention of its own.
create or replace function pgrelay_cron.forget_v1(p_keep interval) returns void
language sql security definer set search_path = pg_catalog, pg_temp
as $$
  delete from pgrelay_cron.fire f where f.fired_at < pgrelay.clock_now() - p_keep;
  delete from pgrelay_cron.miss m where m.noted_at < pgrelay.clock_now() - p_keep
$$;
