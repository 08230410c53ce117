-- Takes a view out of the registry and returns the watches that nobody needs any more. They stay until
-- forget_watch(), since their triggers have to come off first. Errors: PM009 while a refresh of the view runs.
create or replace function pgauto_mv.forget_mv(p_mv_id bigint) returns table (watch_id bigint, relation oid, operation text)
language plpgsql security definer set search_path = pg_catalog, pg_temp set lock_timeout = '5s'
as $$
begin
  perform pgauto_mv.lock_registry();
  perform pgauto_mv.note_group(m.id, format('left the group %s', g.name)) from pgauto_mv.mv m join pgauto_mv.mv_group g on g.id = m.group_id where m.id = p_mv_id;
  delete from pgauto_mv.observation o where o.mv_id = p_mv_id;
  delete from pgauto_mv.mv m where m.id = p_mv_id;
  return query select w.id, w.relation, w.operation from pgauto_mv.watch w
    where not exists (select from pgauto_mv.view_watch d where d.watch_id = w.id);
exception when lock_not_available then
  raise exception using errcode = 'PM009', message = 'a refresh of the view is running, and has been for 5 s',
    hint = 'Nothing has been unregistered: try again when it has ended.';
end $$;
