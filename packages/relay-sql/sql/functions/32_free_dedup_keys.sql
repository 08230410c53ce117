-- Frees the dedup keys of events that have started, but for those that are kept for longer. A key that a producer is taking over just now is left to it.
create or replace function pgrelay.free_dedup_keys(p_channel_id integer, p_keys text[], p_ids bigint[]) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp set enable_seqscan = off set enable_bitmapscan = off
as $$
begin
  delete from pgrelay.dedup d where d.ctid = any (array(
    select x.ctid from pgrelay.dedup x
    where x.channel_id = p_channel_id and x.key = any (p_keys) and x.event_id = any (p_ids) and coalesce(x.kept_until, '-infinity') <= pgrelay.clock_now()
    for update skip locked));
end $$;
