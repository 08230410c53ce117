-- Refuses numbers and names that cannot work: PH006, and PR001 for an alert channel that is not registered.
create or replace function pgrelay_http.check_settings(p_channel text, p_new pgrelay_http.endpoint, p_secrets text[]) returns void
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
declare
  v_wrong text := case
    when p_new.method is null or p_new.method not in ('POST', 'PUT', 'PATCH') then format('p_method %L is not POST, PUT or PATCH', p_new.method)
    when not p_new.total_timeout between interval '1 millisecond' and interval '1 hour' then format('p_timeout %s is not between 1 millisecond and 1 hour', p_new.total_timeout)
    when not p_new.headers_timeout between interval '1 millisecond' and interval '1 hour' then format('p_headers_timeout %s is not between 1 millisecond and 1 hour', p_new.headers_timeout)
    when not p_new.body_timeout between interval '1 millisecond' and interval '1 hour' then format('p_body_timeout %s is not between 1 millisecond and 1 hour', p_new.body_timeout)
    when p_new.concurrency not between 1 and 1000 then format('p_concurrency %s is not between 1 and 1000', p_new.concurrency)
    when p_new.alert_after not between 1 and 1000000 then format('p_alert_after %s is not between 1 and 1000000', p_new.alert_after)
    when p_new.pause_after not between 0 and 1000000 then format('p_pause_after %s is not between 0 and 1000000', p_new.pause_after)
    when cardinality(p_secrets) > 8 or array_position(p_secrets, null) is not null then 'p_secrets has more than 8 elements, or NULL'
    when cardinality(p_new.retry_delays) > 1000 or array_position(p_new.retry_delays, null) is not null
      or exists (select from unnest(p_new.retry_delays) d where not d between interval '0' and interval '366 days') then 'p_retry_delays has a value that is not between 0 and 366 days'
    when p_new.alert_channel = p_channel then 'p_alert_channel is the channel itself'
  end;
begin
  if v_wrong is not null then
    raise exception using errcode = 'PH006', message = format('endpoint of channel %L: %s', p_channel, v_wrong),
      hint = 'docs/reference/sql.md lists the parameters and their ranges.';
  elsif p_new.alert_channel is not null and not exists (select from pgrelay.channel c where c.name = p_new.alert_channel) then
    raise exception using errcode = 'PR001', message = format('channel %L, named as p_alert_channel of channel %L, is not registered', p_new.alert_channel, p_channel),
      hint = 'Register it first.';
  end if;
end $$;
