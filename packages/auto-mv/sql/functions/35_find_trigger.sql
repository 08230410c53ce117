-- The trigger of a watch, found by what it calls and with which argument, so a renamed one is found too; no row when it
-- has gone, or has become unfit: with a foreign table among the children of its table, a transition table makes the
-- writer's statement fail. firing is false for one that is disabled or fires on a replica only.
create or replace function pgauto_mv.find_trigger(p_watch_id bigint, p_relation oid)
returns table (name name, firing boolean)
language sql stable rows 1 set search_path = pg_catalog, pg_temp
as $$
  select t.tgname, t.tgenabled in ('O', 'A') from pg_trigger t
  where t.tgrelid = p_relation and not t.tgisinternal and t.tgparentid = 0
    and t.tgfoid in (to_regprocedure('pgauto_mv.capture()'), to_regprocedure('pgauto_mv.capture_once()'))
    and t.tgnargs = 1 and pgauto_mv.trigger_watch(t.tgargs) = p_watch_id
    and (coalesce(t.tgoldtable, t.tgnewtable) is null or not pgauto_mv.has_foreign_child(p_relation))
  order by t.tgenabled in ('O', 'A') desc limit 1
$$;
