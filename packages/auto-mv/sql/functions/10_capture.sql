-- Trigger function of every watch; its one argument is the watch. Writes one change row per watch and transaction.
-- The mark "already noted" is a transaction-local setting that holds the transaction's id: it comes undone with the
-- savepoint that undoes the row, and a value left from elsewhere never matches. Its key is the watch, so the UPDATE of a
-- transaction that first INSERTed is noted too. A statement that touched no row notes nothing (TRUNCATE always does).
-- Writers pay for each statement in here, so there is one: it looks for a row and writes in one go, and the mark is set by
-- an assignment, which needs no query.
-- SECURITY DEFINER: whoever may write the table need not have heard of auto-mv. Takes no lock anyone else wants.
create or replace function pgauto_mv.capture() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
  v_mark text := 'pgauto_mv.noted_' || tg_argv[0];
begin
  if current_setting(v_mark, true) = pg_current_xact_id_if_assigned()::text then
    return null;
  end if;
  if tg_op = 'TRUNCATE' then
    insert into pgauto_mv.change (watch_id) values (tg_argv[0]::bigint);
  else
    insert into pgauto_mv.change (watch_id) select tg_argv[0]::bigint from pgauto_mv_rows limit 1;
  end if;
  if found then
    v_mark := set_config(v_mark, pg_current_xact_id()::text, true);
  end if;
  return null;
end $$;
