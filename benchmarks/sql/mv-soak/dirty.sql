-- How many views have not everything that is committed.
select count(*)::integer as dirty from pgauto_mv.freshness f where f.dirty
