-- A migration that is done in no time once it has its lock, which is the strongest.
create function polite.alter_orders() returns void
language sql
as $$ alter table polite.orders alter column note set default 'none' $$;
