-- What a forgotten `idle in transaction` or a long pg_dump does: as long as this transaction is open, no dead row goes.
begin isolation level repeatable read;
select pg_current_snapshot();
