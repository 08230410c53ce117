-- The triggers of the dirty-flag pattern: those whose function names the control table in its body, with their first argument.
create or replace function pgauto_mv.dirty_flag_triggers(p_state oid)
returns table (tgrelid oid, tgname name, tgtype smallint, function oid, view_name text)
language sql stable set search_path = pg_catalog, pg_temp set standard_conforming_strings = on
as $$
  select t.tgrelid, t.tgname, t.tgtype, t.tgfoid, split_part(encode(t.tgargs, 'escape'), chr(92) || '000', 1)
  from pg_trigger t join pg_proc p on p.oid = t.tgfoid join pg_class c on c.oid = p_state
  where not t.tgisinternal and t.tgparentid = 0 and t.tgnargs > 0 and p.prosrc ~ format('\m%s\M', c.relname)
$$;
