-- The statement that puts the mark on the database $1 by which the next run knows it may drop it.
select format('comment on database %I is %L', $1::text, 'made by the pgrelay benchmarks, which drop it and make it anew') as statement
