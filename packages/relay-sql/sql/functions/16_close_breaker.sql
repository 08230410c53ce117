-- Closes a channel's circuit breaker by hand: its events run at once, and failures count from zero. False when it was not open.
-- PR001 for an unknown channel.
create or replace function pgrelay.close_breaker(p_channel text) returns boolean
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
  update pgrelay.breaker b set open_until = null, opened_at = null, opened = 0, probe = null, in_a_row = 0, attempts = 0, bad = 0, period_from = null
    where b.channel_id = pgrelay.rule_channel(p_channel) and b.open_until is not null;
  if not found then
    return false;
  end if;
  perform pgrelay.hint('');
  return true;
end $$;
