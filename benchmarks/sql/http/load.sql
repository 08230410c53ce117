-- $1 events with the body $2.
select cardinality(pgrelay.notify_many('http', array_fill($2::text, array[$1::integer]))) as events
