-- Events $1 to $2.
select cardinality(pgrelay.notify_many('drain', array(select n::text from generate_series($1::bigint, $2::bigint) n)))
