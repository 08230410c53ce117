-- Change rows that wait, the tables they are of, views that are dirty, and refreshes that were asked for.
select (select count(*) from pgauto_mv.change)::integer as changes,
  (select count(distinct c.watch_id) from pgauto_mv.change c)::integer as sources,
  (select count(*) from pgauto_mv.mv m join pgauto_mv.state s on s.mv_id = m.id where pgauto_mv.is_dirty(m.id, s.snap))::integer as dirty,
  (select count(*) from pgauto_mv.mv)::integer as views,
  (select count(*) from pgrelay.queue)::integer as requested
