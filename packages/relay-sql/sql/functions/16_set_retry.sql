-- Sets a retry rule: what becomes of an error of a channel's attempts that matches. A channel's own rule wins over the option
-- retry of its handler, and that over the rules of every channel; the more exact match wins over the class. Setting it again
-- replaces it.
--   p_channel      NULL: every channel
--   p_match        sqlstate:40001, sqlstate:40 (a class), http:429, http:5xx, code:handler_timeout (our code, or the code of a
--                  JavaScript error, such as ECONNRESET), error:TypeError (its name or class), or any
--   p_delays       the pauses, one a retry; '{}' retries nothing. Without it the pauses grow exponentially:
--   p_initial, p_factor, p_max   first pause (1 s), its growth (2) and the longest pause (1 hour)
--   p_limit        retries, 0 to 10000; default: as many as there are p_delays (beyond those the last one repeats), else 5
--   p_jitter       none: the pause itself (default with p_delays); full: a random part of it (default without)
--   p_retry_after  wait as long as the other side asked for (Retry-After), if that is longer; up to a day. Default: true
-- PR001 for an unknown channel, PR004 for a value that cannot work. Returns the rule's id.
create or replace function pgrelay.set_retry(
  p_channel text,
  p_match text,
  p_delays interval[] default null,
  p_initial interval default null,
  p_factor double precision default null,
  p_max interval default null,
  p_limit integer default null,
  p_jitter text default null,
  p_retry_after boolean default true
) returns integer
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
  v_channel_id integer := pgrelay.rule_channel(p_channel);
  v_longest constant interval := interval '366 days';
  v_id integer;
begin
  perform pgrelay.check_match(p_match);
  if p_delays is not null and num_nonnulls(p_initial, p_factor, p_max) > 0 then
    raise exception using errcode = 'PR004', message = 'p_delays is given together with p_initial, p_factor or p_max',
      hint = 'Give a list of pauses, or an exponential backoff.';
  elsif exists (select from unnest(p_delays) d where (d between interval '0' and v_longest) is not true) then
    raise exception using errcode = 'PR004', message = 'an element of p_delays is NULL or not between 0 and 366 days', hint = 'Give pauses such as ''5 seconds''.';
  elsif p_limit not between 0 and 10000 or (p_limit > 0 and cardinality(p_delays) = 0) then
    raise exception using errcode = 'PR004', message = format('p_limit %s is not between 0 and 10000, or there is no pause for it', p_limit),
      hint = 'It counts retries, not attempts; 0 means that the event fails at once.';
  elsif not p_initial between interval '0' and v_longest or not (p_max > interval '0' and p_max <= v_longest) or not p_initial <= coalesce(p_max, interval '1 hour') then
    raise exception using errcode = 'PR004', message = format('p_initial %s or p_max %s is out of range', p_initial, coalesce(p_max, interval '1 hour')),
      hint = 'p_initial is not below 0 and not above p_max (1 hour by default), which is at most 366 days.';
  elsif not (p_factor >= 1 and p_factor <= 100) then
    raise exception using errcode = 'PR004', message = format('p_factor %s is not between 1 and 100', p_factor), hint = '2 doubles the pause with each retry.';
  elsif p_jitter not in ('none', 'full') then
    raise exception using errcode = 'PR004', message = format('p_jitter is %L', p_jitter), hint = 'It is none or full.';
  end if;
  insert into pgrelay.retry_rule as r (channel_id, sqlstate, selector, delays, initial, factor, max_delay, retry_limit, jitter, retry_after)
    values (v_channel_id, case when p_match like 'sqlstate:%' then substr(p_match, 10) end, case when p_match not like 'sqlstate:%' then p_match end,
      p_delays, case when p_delays is null then coalesce(p_initial, least(interval '1 second', p_max)) end, case when p_delays is null then coalesce(p_factor, 2) end,
      case when p_delays is null then coalesce(p_max, interval '1 hour') end, coalesce(p_limit, case when p_delays is null then 5 end),
      coalesce(p_jitter, case when p_delays is null then 'full' else 'none' end), coalesce(p_retry_after, true))
    on conflict (coalesce(channel_id, 0), match) do update set delays = excluded.delays, initial = excluded.initial, factor = excluded.factor,
      max_delay = excluded.max_delay, retry_limit = excluded.retry_limit, jitter = excluded.jitter, retry_after = excluded.retry_after
    returning r.id into v_id;
  return v_id;
end $$;
