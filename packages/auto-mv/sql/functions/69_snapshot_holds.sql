-- Whether everything that one snapshot shows is also in another of the same cluster: the other was taken later, or at once.
create or replace function pgauto_mv.snapshot_holds(p_later pg_snapshot, p_earlier pg_snapshot) returns boolean
language sql immutable parallel safe set search_path = pg_catalog, pg_temp
as $$
  select pg_snapshot_xmax(p_later) >= pg_snapshot_xmax(p_earlier) and not exists (
    select from pg_snapshot_xip(p_later) x where x < pg_snapshot_xmax(p_earlier) and pg_visible_in_snapshot(x, p_earlier))
$$;
