-- The statement that makes the database $1, empty or as a copy of $2.
select format('create database %I template %I', $1::text, coalesce($2::text, 'template1')) as statement
