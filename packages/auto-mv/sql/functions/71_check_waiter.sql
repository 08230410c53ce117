-- Refuses to wait for what can never be seen: PM017 the token is NULL; PM012 it is the caller's own open transaction;
-- PM011 in REPEATABLE READ or SERIALIZABLE, where no new snapshot would ever come.
create or replace function pgauto_mv.check_waiter(p_token xid8) returns void
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
begin
  if p_token is null then
    raise exception using errcode = 'PM017', message = 'token and timeout must not be NULL',
      hint = 'The token is pg_current_xact_id(), taken in the transaction that wrote.';
  end if;
  if p_token = pg_current_xact_id_if_assigned() then
    raise exception using errcode = 'PM012', message = 'the token is this transaction''s own, which has not committed',
      hint = 'Commit first, then wait: in a statement of its own, outside the transaction that wrote.';
  end if;
  if current_setting('transaction_isolation') in ('repeatable read', 'serializable') then
    raise exception using errcode = 'PM011', message = format('cannot wait in a %s transaction: its snapshot never moves', current_setting('transaction_isolation')),
      hint = 'Wait before the transaction begins, or in READ COMMITTED.';
  end if;
end $$;
