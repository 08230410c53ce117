-- Refuses a group of which one refresh would bring on the next: a view outside it lies between two members, is made dirty by
-- one and makes the other dirty, and with it the whole group. Views of another group count as one. Error: PM080.
create or replace function pgauto_mv.check_group(p_group_id bigint) returns void
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
declare
  v_between text;
  v_name text;
begin
  with recursive edge (below, above) as (
    select d.mv_id, u.id from pgauto_mv.view_watch d
      join pgauto_mv.watch w on w.id = d.watch_id and w.operation = 'REFRESH'
      join pgauto_mv.mv u on u.view = w.relation
    union
    select a.id, b.id from pgauto_mv.mv a join pgauto_mv.mv b on b.group_id = a.group_id and b.id <> a.id where a.group_id <> p_group_id
  ), member (mv_id) as (
    select m.id from pgauto_mv.mv m where m.group_id = p_group_id
  ), upward (mv_id) as (               -- what members are refreshed after, outside the group
    select e.above from member m join edge e on e.below = m.mv_id where e.above not in (select o.mv_id from member o)
    union
    select e.above from upward a join edge e on e.below = a.mv_id where a.mv_id not in (select o.mv_id from member o)
  )
  select string_agg(distinct format('%I.%I', v.schema_name, v.view_name), ', ') into v_between
    from upward a join edge e on e.below = a.mv_id join pgauto_mv.mv v on v.id = a.mv_id
    where a.mv_id not in (select o.mv_id from member o) and e.above in (select o.mv_id from member o);
  if v_between is not null then
    select g.name into v_name from pgauto_mv.mv_group g where g.id = p_group_id;
    raise exception using errcode = 'PM080', message = format('the group %L would be refreshed in a circle: %s lies between its members', v_name, v_between),
      hint = 'Make that view a member too, or leave out the members that it reads.';
  end if;
end $$;
