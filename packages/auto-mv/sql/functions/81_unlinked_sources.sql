-- What views should watch and do not: all that their queries read, where watches are derived; else the partitions and
-- children of the tables chosen. From catalog rows alone, so it waits for no table.
create or replace function pgauto_mv.unlinked_sources() returns table (mv_id bigint, relation oid, operation text)
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
  select m.id, x.relation, x.operation
  from pgauto_mv.mv m
  cross join lateral (
    select w.relation, w.operation from pgauto_mv.wanted_watches(m.view) w where m.derived
    union
    select c.relation, c.operation from pgauto_mv.chosen_watches(m.id) c where not m.derived) x
  where exists (select from pg_class v where v.oid = m.view) and not exists (
    select from pgauto_mv.view_watch d join pgauto_mv.watch w on w.id = d.watch_id
    where d.mv_id = m.id and d.watched and w.relation = x.relation and (w.operation = x.operation or pgauto_mv.covers(w.relation, w.operation, x.operation)))
$$;
