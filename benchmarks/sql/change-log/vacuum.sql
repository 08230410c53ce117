-- What autovacuum does, at once.
vacuum (analyze) pgauto_mv.change
