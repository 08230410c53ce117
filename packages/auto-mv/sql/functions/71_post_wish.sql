-- Posts, or (p_fulfilled) takes back, the wish that a view should contain a transaction; see wishes(). Nothing where it
-- cannot be posted: on a standby and in a read-only transaction one can only wait.
create or replace function pgauto_mv.post_wish(p_mv_id bigint, p_token xid8, p_fulfilled boolean default false) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
  v_box regclass := ('pgauto_mv.wish_' || pg_backend_pid() % 64)::regclass;
  v_wish bigint := (p_mv_id << 43) | (p_token::text::bigint & ((1::bigint << 43) - 1));
begin
  if pg_is_in_recovery() or current_setting('transaction_read_only')::boolean then
    return;
  end if;
  if p_fulfilled then
    if pg_sequence_last_value(v_box) = v_wish then
      perform setval(v_box, 0, true);
    end if;
  elsif pg_sequence_last_value(v_box) is distinct from v_wish then
    perform setval(v_box, v_wish, true);
  end if;
end $$;
