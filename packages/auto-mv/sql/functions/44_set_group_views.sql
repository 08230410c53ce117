-- Makes these views, and none but these, the members of a group. One that joins is dirty in the caller's transaction, and so the
-- group is refreshed as a whole next; a refresh of it that was claimed and has not begun loses its claim.
-- Errors: PM004 not registered, PM009 a refresh of it runs for 5 s, PM080 a view between members, PM122 in another group,
-- PM123 fewer than two, PM124 only some have a unique index. Locks: the registry, then the state rows of those that join.
create or replace function pgauto_mv.set_group_views(p_group_id bigint, p_views oid[]) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp set lock_timeout = '5s'
as $$
declare
  v_group pgauto_mv.mv_group;
  v_ids bigint[];
  v_other record;
  v_bare text;
  v_id bigint;
  v_cost interval;
begin
  perform pgauto_mv.lock_registry();
  select g.* into v_group from pgauto_mv.mv_group g where g.id = p_group_id;
  v_ids := array(select distinct pgauto_mv.find_mv(coalesce(v, 0)) from unnest(p_views) v order by 1);
  if cardinality(v_ids) < 2 then
    raise exception using errcode = 'PM123', message = format('the group %L would have %s', v_group.name, case when v_ids = '{}' then 'no view' else 'one view only' end),
      hint = 'A group has two views or more; one by itself needs none. pgauto_mv.drop_group() ends a group.';
  end if;
  select m.schema_name, m.view_name, g.name into v_other from pgauto_mv.mv m join pgauto_mv.mv_group g on g.id = m.group_id
    where m.id = any (v_ids) and m.group_id <> p_group_id order by m.id limit 1;
  if v_other.name is not null then
    raise exception using errcode = 'PM122', message = format('view %I.%I is in the group %L already', v_other.schema_name, v_other.view_name, v_other.name),
      hint = 'A view is in one group at most: take it out there with pgauto_mv.alter_group(), or make one group of both.';
  end if;
  select string_agg(pgauto_mv.relation_name(m.view), ', ' order by m.id) into v_bare from pgauto_mv.mv m
    where m.id = any (v_ids) and pgauto_mv.key_index(m.view) is null;
  if v_bare is not null and not v_group.plain and exists (select from pgauto_mv.mv m where m.id = any (v_ids) and pgauto_mv.key_index(m.view) is not null) then
    raise exception using errcode = 'PM124', message = format('the group %L cannot be refreshed CONCURRENTLY, since these have no unique index for it: %s', v_group.name, v_bare),
      hint = 'All members are refreshed CONCURRENTLY, or all plainly: give these a unique index over plain columns, or say p_plain => true; then readers wait for the refresh.';
  end if;
  for v_id in
    select m.id from pgauto_mv.mv m where m.group_id = p_group_id and m.id <> all (v_ids)
  loop
    perform pgauto_mv.note_group(v_id, format('left the group %s', v_group.name));
    update pgauto_mv.mv m set group_id = null where m.id = v_id;
  end loop;
  for v_id in
    select m.id from pgauto_mv.mv m where m.id = any (v_ids) and m.group_id is null order by m.id
  loop
    perform pgauto_mv.note_group(v_id, format('joined the group %s', v_group.name));
    update pgauto_mv.mv m set group_id = p_group_id where m.id = v_id;
    update pgauto_mv.state s set snap = null, snaps = null, epoch = s.epoch + 1, claimed_until = null, done_cost = null where s.mv_id = v_id;
  end loop;
  perform pgauto_mv.check_group(g.id) from pgauto_mv.mv_group g;
  select sum(coalesce(s.done_cost, s.done_duration)) into v_cost from pgauto_mv.state s where s.mv_id = any (v_ids);
  if v_cost > v_group.max_duration then
    raise warning 'the refreshes of the group % took % together, which is more than its max_duration of %', quote_literal(v_group.name), v_cost, v_group.max_duration;
  end if;
exception when lock_not_available then
  raise exception using errcode = 'PM009', message = 'a refresh of a view of the group is running, or another alter_mv() is open, and has been for 5 s',
    hint = 'Nothing has been changed: try again when it has ended.';
end $$;
