-- Refreshes so far, and whether the view has everything that is committed.
select f.refreshes::integer as refreshes, not f.dirty and not f.refreshing as fresh from pgauto_mv.freshness f
