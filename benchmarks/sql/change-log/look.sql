-- How large the change log is, in pages, what of it waits, and whether its size stands in the problems.
select (pg_relation_size('pgauto_mv.change') / current_setting('block_size')::integer)::integer as heap,
  (pg_indexes_size('pgauto_mv.change') / current_setting('block_size')::integer)::integer as index,
  (select count(*) from pgauto_mv.change)::integer as waiting,
  (select count(*) from bench.orders)::integer as written,
  exists (select from pgauto_mv.get_mv_problems() p where p.code = 'change_log_bloated') as reported
