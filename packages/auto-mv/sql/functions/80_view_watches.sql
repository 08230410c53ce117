-- One row per registered view and watch: what makes it dirty. columns: those whose UPDATE does, NULL: of any; why says for
-- what reason, where the watches are derived. each_row: noticed row by row, whichever table the statement names; else
-- by the statement that names this relation. chained: by p_chain.
create or replace view pgauto_mv.watches as
select d.mv_id, pg_catalog.format('%I.%I', m.schema_name, m.view_name) as view_name, d.watch_id,
  pg_catalog.format('%I.%I', w.schema_name, w.relation_name) as relation, pg_catalog.split_part(w.operation, ' ', 1) as operation,
  (select pg_catalog.array_agg(a.attname order by a.attnum) from pg_catalog.pg_attribute a
    where a.attrelid = w.relation and a.attnum = any (pgauto_mv.watch_columns(w.operation))) as columns,
  w.operation like '% FOR EACH ROW' as each_row,
  case when m.derived and (w.operation = 'UPDATE' or w.operation = 'UPDATE FOR EACH ROW') then
    pgauto_mv.why_all_columns(m.view, w.relation) end as why,
  d.chained
from pgauto_mv.view_watch d
join pgauto_mv.mv m on m.id = d.mv_id
join pgauto_mv.watch w on w.id = d.watch_id;
