-- The statement that drops the database $1. Only after look.sql said that the benchmarks made it.
select format('drop database if exists %I with (force)', $1::text) as statement
