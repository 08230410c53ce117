-- Whether a transaction is in every snapshot that contents came from; false while one of them is unknown.
create or replace function pgauto_mv.in_all(p_token xid8, p_snaps pg_snapshot[]) returns boolean
language sql immutable parallel safe set search_path = pg_catalog, pg_temp
as $$
  select p_snaps is not null and not exists (
    select from unnest(p_snaps) s where s is null or not pg_visible_in_snapshot(p_token, s))
$$;
