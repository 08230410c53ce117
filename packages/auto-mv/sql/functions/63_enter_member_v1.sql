-- Before the REFRESH of each member of a group: sets its timeouts and memory, notes when it begins, and returns the statement,
-- which the caller sends as a statement of its own.
create or replace function pgauto_mv.enter_member_v1(p_mv_id bigint, p_mode text, p_statement_timeout interval, p_lock_timeout interval) returns text
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  v_mv pgauto_mv.mv;
begin
  select m.* into v_mv from pgauto_mv.mv m where m.id = p_mv_id;
  perform set_config('statement_timeout', round(extract(epoch from coalesce(v_mv.statement_timeout, p_statement_timeout)) * 1000)::text, true);
  perform set_config('lock_timeout', round(extract(epoch from coalesce(v_mv.lock_timeout, p_lock_timeout)) * 1000)::text, true);
  perform set_config('work_mem', coalesce(v_mv.work_mem, (select s.reset_val from pg_settings s where s.name = 'work_mem')), true);
  perform set_config('pgauto_mv.members', (coalesce(nullif(current_setting('pgauto_mv.members', true), ''), '{}')::jsonb
    || jsonb_build_object(p_mv_id::text, jsonb_build_object('began', pgrelay.clock_now(), 'rows', pgauto_mv.written_rows(v_mv.view)::text)))::text, true);
  return format('refresh materialized view %s%s', case p_mode when 'concurrently' then 'concurrently ' else '' end, pgauto_mv.relation_name(v_mv.view));
end $$;
