-- For run(): the end of a batch, while its transaction is still open. From here on cancel() stops it no more: whoever is about to
-- is waited for, and his cancellation comes now or never. Somebody who holds the lock for another reason is waited for no longer than about
-- five seconds. The gate opens again with the end of the transaction.
create or replace function pgrelay.close_run_v1(p_slot smallint) returns void
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
begin
  for v_try in 1 .. 5000 loop
    exit when pg_try_advisory_xact_lock(1919247987, p_slot);
    perform pg_sleep(0.001);
  end loop;
end $$;
