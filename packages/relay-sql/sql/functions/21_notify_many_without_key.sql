-- notify_many() as it was before migration 0014, under another name; see notify_without_key().
create or replace function pgrelay.notify_many_without_key(
  p_channel text, p_payloads text[], p_run_at timestamptz[] default null, p_priority integer[] default null, p_dedup_key text[] default null
) returns bigint[]
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
  return pgrelay.notify_many(p_channel, p_payloads, p_run_at, p_priority, p_dedup_key);
end $$;
