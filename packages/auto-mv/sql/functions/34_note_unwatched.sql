-- Remembers what a view reads and nothing can watch; get_mv_problems() shows it.
create or replace function pgauto_mv.note_unwatched(p_mv_id bigint, p_object text, p_reason text) returns void
language sql security definer set search_path = pg_catalog, pg_temp
as $$
  insert into pgauto_mv.unwatched (mv_id, object, reason) values (p_mv_id, p_object, p_reason)
    on conflict (mv_id, object) do update set reason = excluded.reason
$$;
