-- What goes before the transaction of a refresh, with the rights of the role that refreshes, in a statement of its own.
-- Makes this session lose a deadlock, where it may set that: its own look comes first, and who looks first is the victim.
-- Before the first refresh on PostgreSQL 17 and later (not for an explicit request) it looks whether the functions of the
-- query find what they name: PM062 when they do not, so that the query is not run for nothing. After a refresh that
-- failed for that, PM062 until one of the functions is altered.
create or replace function pgauto_mv.prepare_refresh_v1(p_mv_id bigint, p_source text) returns void
language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
  v_broken text;
  v_remedy text;
begin
  begin
    perform set_config('deadlock_timeout', '50ms', false);
  exception when insufficient_privilege then
    null;                             -- the watchdog of the Processor cancels it in time
  end;
  if current_setting('server_version_num')::integer < 170000 or p_source = 'now' then
    return;
  end if;
  select string_agg(f.function::regprocedure::text, ', '), string_agg(f.remedy, ' ') into v_broken, v_remedy
    from pgauto_mv.unproven_view(p_mv_id) u cross join lateral pgauto_mv.unpinned_functions(u.view) f
    where u.unmended or pgauto_mv.breaks_unpinned(f.function);
  if v_broken is not null then
    raise exception using errcode = 'PM062',
      message = format('a refresh runs with search_path = pg_catalog, pg_temp, and these do not name the schema of what they use: %s', v_broken),
      hint = v_remedy;
  end if;
end $$;
