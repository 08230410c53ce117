-- A copy of a database is another node; what is enqueued belongs to it once it knows.
select pgrelay.this_node()
