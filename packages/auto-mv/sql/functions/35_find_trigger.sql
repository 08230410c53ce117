-- The trigger of a watch, found by what it calls and with which argument, so a renamed one is found too; no row when it
-- has gone. firing is false for one that is disabled or fires on a replica only.
create or replace function pgauto_mv.find_trigger(p_watch_id bigint, p_relation oid)
returns table (name name, firing boolean)
language sql stable set search_path = pg_catalog, pg_temp set standard_conforming_strings = on
as $$
  select t.tgname, t.tgenabled in ('O', 'A') from pg_trigger t
  where t.tgrelid = p_relation and not t.tgisinternal and t.tgfoid = 'pgauto_mv.capture()'::regprocedure
    and t.tgnargs = 1 and t.tgargs = convert_to(p_watch_id::text, 'UTF8') || '\x00'::bytea
  order by t.tgenabled in ('O', 'A') desc limit 1
$$;
