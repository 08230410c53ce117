-- Refuses a view that would be refreshed because of its own refresh: by its chain, by what its query reads, or by both
-- together; or with it a whole group (check_group). Error: PM080, which names the way round.
create or replace function pgauto_mv.check_cycle(p_mv_id bigint) returns void
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
declare
  v_way text;
begin
  with recursive edge (below, above) as (
    select d.mv_id, u.id from pgauto_mv.view_watch d
    join pgauto_mv.watch w on w.id = d.watch_id and w.operation = 'REFRESH'
    join pgauto_mv.mv u on u.view = w.relation
  ), upward (mv_id) as (
    select e.above from edge e where e.below = p_mv_id
    union
    select e.above from upward a join edge e on e.below = a.mv_id
  ), round (mv_id) as (                                -- only what is on a way round
    select e.below from edge e where e.above = p_mv_id and e.below in (select a.mv_id from upward a)
    union
    select e.below from round r join edge e on e.above = r.mv_id and e.below in (select a.mv_id from upward a)
  )
  select string_agg(format('%I.%I', m.schema_name, m.view_name), ', ' order by m.schema_name, m.view_name) into v_way
    from round r join pgauto_mv.mv m on m.id = r.mv_id where exists (select from upward a where a.mv_id = p_mv_id);
  if v_way is not null then
    raise exception using errcode = 'PM080', message = format('these views would be refreshed in a circle: %s', v_way),
      hint = 'Leave one of them out of p_chain, or out of p_watch_tables.';
  end if;
  perform pgauto_mv.check_group(g.id) from pgauto_mv.mv_group g;
end $$;
