-- Opens a channel's breaker, or opens it again: its pause is twice the last one, up to the longest. Returns false: not closed.
create or replace function pgrelay.open_breaker(p_channel_id integer) returns boolean
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
begin
  update pgrelay.breaker b set opened = b.opened + 1, opened_at = coalesce(b.opened_at, pgrelay.clock_now()), probe = null,
      in_a_row = 0, attempts = 0, bad = 0, period_from = null,
      open_until = pgrelay.clock_now() + pgrelay.retry_delay(null, b.pause, 2, b.max_pause, b.opened + 1, 'none', b.opened, 1)
    where b.channel_id = p_channel_id;
  return false;
end $$;
