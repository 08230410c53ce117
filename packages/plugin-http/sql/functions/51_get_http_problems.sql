-- What is wrong with the deliveries now, one row a finding; an endpoint's open breaker and events that failed for good are in
-- pgrelay.get_problems().
create or replace function pgrelay_http.get_http_problems() returns table (code text, object text, evidence text, remedy text)
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
  select 'http_node_unconfirmed', 'database', format('it is a copy of the one that was confirmed by %s at %s; deliveries are held', n.confirmed_by, n.confirmed_at),
    'If events are to be delivered from here, and no longer from there: pgrelay_http.confirm_node().'
  from pgrelay_http.node n where pgrelay_http.is_held()
  union all
  select 'http_gone', 'channel ' || c.name, format('the endpoint answered 410 at %s, and the channel is paused', h.gone_at),
    'Drop it with pgrelay_http.drop_endpoint(), or give it another URL with pgrelay_http.alter_endpoint() and call pgrelay.resume_channel().'
  from pgrelay_http.health h join pgrelay.channel c on c.id = h.channel_id where h.gone_at is not null and c.state <> 'active'
  union all
  select 'http_failing', 'channel ' || c.name, format('%s attempts in a row have failed since %s, the last with %s', h.failing, h.failing_since, h.last_code),
    'Mend the endpoint: its events wait. pgrelay_http.attempts shows each request.'
  from pgrelay_http.health h join pgrelay.channel c on c.id = h.channel_id join pgrelay_http.endpoint e on e.channel_id = h.channel_id
  where h.failing >= e.alert_after
  union all
  select 'http_endpoint_refused', 'channel ' || c.name, format('a Processor does not serve it: %s', h.refused),
    'Events wait. The code in docs/reference/errors.md says what to change, in the endpoint or in the options of http().'
  from pgrelay_http.health h join pgrelay.channel c on c.id = h.channel_id where h.refused is not null
  union all
  select 'http_alert_refused', 'channel ' || c.name, format('an alert to channel %s could not be sent: SQLSTATE %s', e.alert_channel, h.alert_problem),
    'Register that channel, or resume it, or name another one with pgrelay_http.alter_endpoint().'
  from pgrelay_http.health h join pgrelay.channel c on c.id = h.channel_id join pgrelay_http.endpoint e on e.channel_id = h.channel_id
  where h.alert_problem is not null
$$;
