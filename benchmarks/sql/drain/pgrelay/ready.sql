-- Whether $1 Processors run and wait for a hint.
select (select count(*) from pgrelay.processors) = $1::bigint
  and (select a.last_value from pgrelay.armed a) > extract(epoch from clock_timestamp()) * 1000 as ready
