-- How many of p_limit events of a channel with a breaker may start now. Closed: all, but once attempts have begun to fail no more
-- than may fail before it opens. Open: none. Half open: one, and the breaker stays locked until the caller commits, so that
-- no other takes a second one; note_probe() then says which.
create or replace function pgrelay.admit(p_channel_id integer, p_limit integer) returns integer
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  v_breaker pgrelay.breaker;
begin
  select b.* into v_breaker from pgrelay.breaker b where b.channel_id = p_channel_id;
  if v_breaker.open_until is null then
    return case when v_breaker.in_a_row > 0 and v_breaker.failures is not null then least(p_limit, greatest(v_breaker.failures - v_breaker.in_a_row, 1)) else p_limit end;
  elsif v_breaker.open_until > pgrelay.clock_now() then
    return 0;
  end if;
  perform from pgrelay.breaker b where b.channel_id = p_channel_id for update skip locked;
  return case when found and pgrelay.lets_through_v1(p_channel_id) then least(p_limit, 1) else 0 end;
end $$;
