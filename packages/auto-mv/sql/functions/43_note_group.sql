-- The audit row of a view that joins or leaves a group.
create or replace function pgauto_mv.note_group(p_mv_id bigint, p_reason text) returns void
language sql volatile set search_path = pg_catalog, pg_temp
as $$
  insert into pgauto_mv.log (kind, mv_id, view_name, reason)
    select 'repair', m.id, format('%I.%I', m.schema_name, m.view_name), p_reason from pgauto_mv.mv m where m.id = p_mv_id
$$;
