-- Registers a channel whose events are delivered by HTTP, by any Processor that has the plugin, at once and without a restart.
--   p_channel           1 to 200 octets; a new channel, or one that is registered so already
--   p_url               http(s), without user and password. http: and private addresses only where the Processor's options allow them
--   p_method            POST, PUT or PATCH
--   p_headers           a JSON object of strings, sent in addition to content-type: application/json
--   p_body_template     JSON with {{payload.…}} in its strings (see check_template); without it the payload is the body, as it is
--   p_secrets           requests are signed (Standard Webhooks) with each: whsec_… (HMAC-SHA256), whsk_… (ed25519), or env:NAME.
--                       Two or more while one takes the other's place. To keep them out of the server's log, use env: or a bind parameter
--   p_timeout           of a request as a whole; p_headers_timeout until its status is here, p_body_timeout between two parts of the body
--   p_concurrency       requests of this channel that a Processor has under way at once
--   p_retry_delays      the pauses before retries, each shortened at random by up to half; 5 s, 5 min, 30 min, 2 h, 5 h, 10 h
--   p_alert_channel     gets an event when p_alert_after attempts in a row have failed, when that is over, and when the endpoint is gone
--   p_pause_after       so many failures in a row open the channel's circuit breaker, which then probes; 0: never
--   p_replace           change one that is registered differently; without it that is PR005
-- Registering the same again changes nothing. Returns the channel's id. Errors: record_endpoint.
create or replace function pgrelay_http.register_endpoint(
  p_channel text,
  p_url text,
  p_method text default 'POST',
  p_headers jsonb default '{}',
  p_body_template jsonb default null,
  p_secrets text[] default '{}',
  p_timeout interval default '30 seconds',
  p_headers_timeout interval default '15 seconds',
  p_body_timeout interval default '5 seconds',
  p_concurrency integer default 16,
  p_retry_delays interval[] default '{5 seconds,5 minutes,30 minutes,2 hours,5 hours,10 hours}',
  p_alert_channel text default null,
  p_alert_after integer default 5,
  p_pause_after integer default 10,
  p_replace boolean default false
) returns integer
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
  v_new pgrelay_http.endpoint;
begin
  v_new.url := p_url;
  v_new.method := coalesce(p_method, 'POST');
  v_new.headers := coalesce(p_headers, '{}');
  v_new.body_template := nullif(p_body_template, 'null');
  v_new.total_timeout := coalesce(p_timeout, '30 seconds');
  v_new.headers_timeout := coalesce(p_headers_timeout, '15 seconds');
  v_new.body_timeout := coalesce(p_body_timeout, '5 seconds');
  v_new.concurrency := coalesce(p_concurrency, 16);
  v_new.retry_delays := coalesce(p_retry_delays, '{5 seconds,5 minutes,30 minutes,2 hours,5 hours,10 hours}');
  v_new.alert_channel := nullif(p_alert_channel, '');
  v_new.alert_after := coalesce(p_alert_after, 5);
  v_new.pause_after := coalesce(p_pause_after, 10);
  return pgrelay_http.record_endpoint(p_channel, v_new, coalesce(p_secrets, '{}'), p_replace);
end $$;
