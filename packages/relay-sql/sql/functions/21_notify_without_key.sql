-- notify() as it was before migration 0014, under another name: for a statement that had begun with it when the schema was migrated, and for
-- a view or a function of the user's that depends on it. Nothing new calls it.
create or replace function pgrelay.notify_without_key(
  p_channel text, p_payload text default null, p_run_at timestamptz default null, p_priority integer default null, p_dedup_key text default null
) returns bigint
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
  return pgrelay.notify(p_channel, p_payload, p_run_at, p_priority, p_dedup_key);
end $$;
