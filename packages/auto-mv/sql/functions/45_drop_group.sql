-- Ends a group: its members stay registered, and each is refreshed by itself again. Errors: PM009, PM121 no such group.
create or replace function pgauto_mv.drop_group(p_name text) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp set lock_timeout = '5s'
as $$
declare
  v_id bigint := pgauto_mv.find_group(p_name);
begin
  perform pgauto_mv.lock_registry();
  perform pgauto_mv.note_group(m.id, format('left the group %s', p_name)) from pgauto_mv.mv m where m.group_id = v_id;
  update pgauto_mv.mv m set group_id = null where m.group_id = v_id;
  delete from pgauto_mv.mv_group g where g.id = v_id;
exception when lock_not_available then
  raise exception using errcode = 'PM009', message = 'an alter_mv() of a view of the group is open, and has been for 5 s',
    hint = 'Nothing has been changed: commit or roll back that transaction, and try again.';
end $$;
