-- What the query of a view reads and nothing can watch: a NOTICE now, and a row in get_mv_problems() from then on. Runs
-- with the caller's rights.
create or replace function pgauto_mv.report_unwatched(p_mv_id bigint, p_view oid) returns void
language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
  v_unwatched record;
begin
  for v_unwatched in select d.object, d.reason from pgauto_mv.derive_watches(p_view) d where d.operations is null loop
    perform pgauto_mv.note_unwatched(p_mv_id, v_unwatched.object, v_unwatched.reason);
    raise notice '% reads %, which cannot be watched: %', pgauto_mv.relation_name(p_view), v_unwatched.object, v_unwatched.reason;
  end loop;
end $$;
