-- The retry policy: how long an event that failed with this SQLSTATE waits before its next attempt, or NULL when it
-- fails for good. p_retried counts the outcomes `retried` so far; losses and snoozes do not count. A channel's own rule
-- wins over the general one, a code over a class. Source of the default rule (class 40: 3, 5, 10 s): the published
-- description of pg_relay.
create or replace function pgrelay.decide_v1(p_channel_id integer, p_sqlstate text, p_retried integer) returns interval
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
  select r.delays[p_retried + 1] from pgrelay.retry_rule r
  where (r.channel_id = p_channel_id or r.channel_id is null) and r.sqlstate in (p_sqlstate, left(p_sqlstate, 2))
  order by (r.channel_id is not null) desc, length(r.sqlstate) desc limit 1
$$;
