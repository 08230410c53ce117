-- One row per registered view and watch: what makes it dirty.
create or replace view pgauto_mv.watches as
select d.mv_id, pg_catalog.format('%I.%I', m.schema_name, m.view_name) as view_name, d.watch_id,
  pg_catalog.format('%I.%I', w.schema_name, w.relation_name) as relation, w.operation
from pgauto_mv.view_watch d
join pgauto_mv.mv m on m.id = d.mv_id
join pgauto_mv.watch w on w.id = d.watch_id;
