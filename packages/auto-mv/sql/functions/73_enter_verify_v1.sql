-- First statement of a comparison's own REPEATABLE READ, READ ONLY transaction: whether contents and query can be compared in its
-- snapshot (outcome, reason: see look_verify_v1) and, if so, the statements for it, each to be sent by itself:
--   statement   equal: count, and sum of a hash of each row's text, are the same on both sides; view_rows
--   difference  missing, surplus (see difference_statement): for when they are not
-- In their transaction, since the query runs as the REFRESH had it: with the settings of that session (from PostgreSQL 17 on
-- REFRESH has its own search_path), under which its text is made. And politely: no parallel workers, p_work_mem, p_timeout for a
-- statement, a tenth of a second for a lock. With row security off, which is an error where it would hide rows from us and did not from
-- the owner of the view. Has no search_path of its own, so that what it sets lasts, and names everything with its schema.
create or replace function pgauto_mv.enter_verify_v1(p_mv_id bigint, p_epoch bigint, p_timeout interval, p_work_mem text)
returns table (outcome text, reason text, as_of pg_snapshot, contents_epoch bigint, basis text, statement text, difference text)
language plpgsql volatile
as $$
declare
  v_look record;
  v_query pg_catalog.text;
begin
  select l.* into v_look from pgauto_mv.look_verify_v1(p_mv_id, p_epoch, array[session_user, current_user]::pg_catalog.name[]) l;
  outcome := v_look.outcome;
  reason := v_look.reason;
  as_of := v_look.as_of;
  contents_epoch := v_look.contents_epoch;
  basis := v_look.basis;
  if v_look.settings is not null and v_look.outcome operator(pg_catalog.=) 'compare' then
    perform pg_catalog.set_config(e.key, e.value, true) from pg_catalog.jsonb_each_text(pgauto_mv.verify_settings(v_look.settings, p_timeout, p_work_mem)) e;
    v_query := pg_catalog.rtrim(pg_catalog.pg_get_viewdef(v_look.view), ';');
    statement := pg_catalog.format('select v.n operator(pg_catalog.=) q.n and v.h operator(pg_catalog.=) q.h as equal, v.n as view_rows
      from (select %1$s from (select * from %2$s) pgauto_mv_row) v, (select %1$s from (%3$s) pgauto_mv_row) q',
      'pg_catalog.count(*) as n, coalesce(pg_catalog.sum(pg_catalog.hashtextextended(pg_catalog.textin(pg_catalog.record_out(row(pgauto_mv_row.*))), 0)), 0) as h',
      pgauto_mv.relation_name(v_look.view), v_query);
    difference := pgauto_mv.difference_statement(v_look.view, v_query);
  end if;
  return next;
end $$;
