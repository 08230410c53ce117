-- Whether every view has its first contents, and no request for a refresh waits.
select coalesce(bool_and(f.refreshes > 0), false) and not exists (select from pgrelay.queue) as refreshed from pgauto_mv.freshness f
