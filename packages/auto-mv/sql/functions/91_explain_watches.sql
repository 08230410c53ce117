-- For explain_mv(): what a view watches against what its query asks for. mark: = both, + the query asks for it and it is not
-- watched, - watched beyond what the query asks for. Column numbers come as names.
create or replace function pgauto_mv.explain_watches(p_mv_id bigint) returns table (relation text, watch text, mark text, why text)
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
  with mv as (
    select m.id, m.view from pgauto_mv.mv m where m.id = p_mv_id
  ), wanted as (
    select w.relation, w.operation, max(w.why) as why from mv m cross join lateral pgauto_mv.wanted_watches(m.view) w group by 1, 2
  ), present as (
    select w.relation, w.operation, w.schema_name, w.relation_name, d.chained and not d.watched as chained
    from pgauto_mv.view_watch d join pgauto_mv.watch w on w.id = d.watch_id where d.mv_id = p_mv_id
  )
  select coalesce(pgauto_mv.relation_name(coalesce(w.relation, p.relation)), format('%I.%I', p.schema_name, p.relation_name)),
    coalesce(pgauto_mv.trigger_event(coalesce(w.relation, p.relation), coalesce(w.operation, p.operation)), lower(coalesce(w.operation, p.operation))),
    case when p.chained then '=' when p.relation is null then case when exists (
        select from present o where o.relation = w.relation and pgauto_mv.covers(o.relation, o.operation, w.operation)) then '=' else '+' end
      when w.relation is null then case when exists (
        select from wanted o where o.relation = p.relation and pgauto_mv.covers(p.relation, p.operation, o.operation)) then '=' else '-' end
      else '=' end,
    case when p.chained then 'by p_chain' else w.why end
  from wanted w full join present p on p.relation = w.relation and p.operation = w.operation
  order by 1, 2
$$;
