-- Whether a trigger of one of the view's watches is still to be put on. Until it is there, no contents are known to be
-- complete: no refresh but an explicit one begins, and none sets snap.
create or replace function pgauto_mv.installing(p_mv_id bigint) returns boolean
language sql stable set search_path = pg_catalog, pg_temp
as $$
  select exists (
    select from pgauto_mv.view_watch d join pgauto_mv.pending_trigger p on p.watch_id = d.watch_id where d.mv_id = p_mv_id)
$$;
