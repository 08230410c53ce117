-- Every row of the tables of the schemas $1, as text. What only this server knows is left out, and when the modules were installed.
select c.oid::regclass::text as name,
  (xpath('/table/row/line/text()', query_to_xml(format('select to_jsonb(t)::text as line from %s t order by 1', c.oid::regclass), false, false, '')))::text as rows
from pg_class c join pg_namespace n on n.oid = c.relnamespace
where n.nspname = any ($1) and c.relkind = 'r'
  and c.oid::regclass::text not in ('pgrelay.schema_migration', 'pgrelay.schema_module', 'pgauto_mv.planner', 'pgauto_mv.tally', 'pgauto_mv.tally_look', 'pgauto_mv.verifier')
union all
select s.schemaname || '.' || s.sequencename, s.last_value::text from pg_sequences s
where s.schemaname = any ($1) and s.sequencename !~ '^(wish_\d+|armed|rescan|waiters_beat|debounce_look|debounce_beat|expiry_beat|planner_beat)$'
order by 1
