-- The retry policy: how long an event that failed with this error waits before its next attempt, or NULL when it fails for
-- good. p_retried counts the outcomes `retried` so far; losses and snoozes do not count.
-- The channel's own rule comes first, the most exact match among several; then the option retry of the handler's definition,
-- which its Processor sends along, so that during a deployment each version keeps its own; then the rules of every channel. Source of the
-- default rule (class 40: 3, 5, 10 s): the published description of pg_relay.
--   p_error   what error_matches() takes, and retryAfterMs (what the other side asked for, honoured up to a day) and
--             retry {limit, delaysMs | initialMs, factor, maxMs, jitter, when: […]}
create or replace function pgrelay.decide_v2(p_channel_id integer, p_error jsonb, p_retried integer) returns interval
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  v_matches text[] := pgrelay.error_matches(p_error);
  v_own jsonb := p_error -> 'retry';
  v_rule pgrelay.retry_rule;
  v_delay interval;
begin
  select r.* into v_rule from pgrelay.retry_rule r
    where (r.channel_id = p_channel_id or r.channel_id is null) and r.match = any (v_matches)
    order by (r.channel_id is not null) desc, array_position(v_matches, r.match) limit 1;
  if v_rule.channel_id is null and jsonb_typeof(v_own) = 'object'
      and (not v_own ? 'when' or exists (select from jsonb_array_elements_text(v_own -> 'when') w(match) where w.match = any (v_matches))) then
    v_delay := pgrelay.retry_delay(
      case when v_own ? 'delaysMs' then array(select make_interval(secs => d.ms::double precision / 1000)
        from jsonb_array_elements_text(v_own -> 'delaysMs') with ordinality d(ms, place) order by d.place) end,
      make_interval(secs => (v_own ->> 'initialMs')::double precision / 1000), (v_own ->> 'factor')::double precision,
      make_interval(secs => (v_own ->> 'maxMs')::double precision / 1000), (v_own ->> 'limit')::integer, v_own ->> 'jitter', p_retried, random());
    v_rule.retry_after := true;
  elsif v_rule.id is not null then
    v_delay := pgrelay.retry_delay(v_rule.delays, v_rule.initial, v_rule.factor, v_rule.max_delay, v_rule.retry_limit, v_rule.jitter, p_retried, random());
  end if;
  if v_delay is not null and v_rule.retry_after and jsonb_typeof(p_error -> 'retryAfterMs') = 'number' then
    return greatest(v_delay, make_interval(secs => least((p_error ->> 'retryAfterMs')::double precision / 1000, 86400)));
  end if;
  return v_delay;
end $$;
