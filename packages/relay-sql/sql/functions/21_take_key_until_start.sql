-- take_key() as it was before migration 0015: for a call of notify() that had begun when the schema was migrated.
create or replace function pgrelay.take_key(p_channel_id integer, p_key text, p_id bigint, p_not_after timestamptz) returns bigint
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
  return pgrelay.take_key(p_channel_id, p_key, p_id, p_not_after, null);
end $$;
