-- One audit row: a refresh that did not happen, and why.
create or replace function pgauto_mv.log_skip(p_mv_id bigint, p_source text, p_reason text, p_epoch bigint default null) returns void
language sql volatile set search_path = pg_catalog, pg_temp
as $$
  insert into pgauto_mv.log (kind, mv_id, view_name, source, reason, epoch)
    select 'skip', p_mv_id, (select format('%I.%I', m.schema_name, m.view_name) from pgauto_mv.mv m where m.id = p_mv_id),
      p_source, p_reason, p_epoch
$$;
