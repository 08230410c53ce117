-- Trigger function of every watch; its one argument is the watch. Writes one change row per watch and transaction.
-- The mark "already noted" is a transaction-local setting that holds the transaction's id: it comes undone with the
-- savepoint that undoes the row, and a value left from elsewhere never matches. Its key is the watch, so the UPDATE of a
-- transaction that first INSERTed is noted too. A statement that touched no row notes nothing (TRUNCATE always does).
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
  if tg_op <> 'TRUNCATE' then
    perform from pgauto_mv_rows limit 1;
    if not found then
      return null;
    end if;
  end if;
  insert into pgauto_mv.change (watch_id) values (tg_argv[0]::bigint);
  perform set_config(v_mark, pg_current_xact_id()::text, true);
  return null;
end $$;
