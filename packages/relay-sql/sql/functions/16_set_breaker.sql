-- Switches a circuit breaker on for a channel, or changes its settings. When the channel's attempts keep failing it opens: events
-- wait, ready and with no attempt counted, until its pause is over; then one event is let through, and by its end the breaker closes
-- or opens again for twice as long. Failures are attempts that end with an error or ask for a retry; an HTTP status
-- of 4xx other than 408, 425 and 429 says that the target works, and so does a handler's fail().
--   p_failures   opens after so many failures in a row; 5 when p_share is not given either
--   p_share      opens when this share (0 to 1) of the attempts of a period has failed …
--   p_period     … (1 minute), once there were …
--   p_least      … so many attempts in it (10)
--   p_pause      how long it stays open at first (30 s); p_max_pause: at most (10 min)
-- It holds for all Processors and for run(), and survives their restarts. PR001 for an unknown channel, PR004 for a value
-- that cannot work.
create or replace function pgrelay.set_breaker(
  p_channel text,
  p_failures integer default null,
  p_share double precision default null,
  p_period interval default null,
  p_least integer default null,
  p_pause interval default null,
  p_max_pause interval default null
) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
  if p_channel is null then
    raise exception using errcode = 'PR004', message = 'p_channel is NULL', hint = 'A breaker belongs to one channel.';
  end if;
  perform pgrelay.put_breaker(pgrelay.rule_channel(p_channel), p_failures, p_share, p_period, p_least, p_pause, p_max_pause, false);
end $$;
