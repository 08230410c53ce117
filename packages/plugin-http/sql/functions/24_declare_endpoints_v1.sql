-- What a Processor calls for the endpoints in its options when it starts: registers their channels (p_register; else PR001 when one
-- is missing) and notes them. URL, headers and secrets stay in the Processor. PH007 when register_endpoint() has made one of that name.
-- Those that are declared no more are left alone, since another Processor may declare them.
--   p_endpoints   [{channel, origin, method, headersTimeoutMs, bodyTimeoutMs, timeoutMs, concurrency, retryDelaysMs, alertChannel, alertAfter, pauseAfter}]
create or replace function pgrelay_http.declare_endpoints_v1(p_endpoints jsonb, p_register boolean) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
  v_one record;
  v_new pgrelay_http.endpoint;
begin
  for v_one in
    select x.* from jsonb_to_recordset(p_endpoints) x(channel text, origin text, method text, "headersTimeoutMs" float8, "bodyTimeoutMs" float8,
      "timeoutMs" float8, concurrency integer, "retryDelaysMs" float8[], "alertChannel" text, "alertAfter" integer, "pauseAfter" integer)
    order by x.channel
  loop
    if not p_register and not exists (select from pgrelay.channel c where c.name = v_one.channel) then
      raise exception using errcode = 'PR001', message = format('channel %L of an HTTP endpoint is not registered', v_one.channel),
        hint = 'Register it, or leave the Processor''s option channels at ''declare''.';
    end if;
    v_new.channel_id := pgrelay.register_kind_channel(v_one.channel, 'http', true);
    v_new.source := 'code';
    v_new.origin := v_one.origin;
    v_new.method := v_one.method;
    v_new.headers := '{}';
    v_new.headers_timeout := make_interval(secs => v_one."headersTimeoutMs" / 1000);
    v_new.body_timeout := make_interval(secs => v_one."bodyTimeoutMs" / 1000);
    v_new.total_timeout := make_interval(secs => v_one."timeoutMs" / 1000);
    v_new.concurrency := v_one.concurrency;
    v_new.retry_delays := array(select make_interval(secs => d.ms / 1000) from unnest(v_one."retryDelaysMs") with ordinality d(ms, place) order by d.place);
    v_new.alert_channel := v_one."alertChannel";
    v_new.alert_after := v_one."alertAfter";
    v_new.pause_after := v_one."pauseAfter";
    v_new.version := 1;
    v_new.registered_by := session_user;
    v_new.registered_at := pgrelay.clock_now();
    perform pgrelay_http.check_settings(v_one.channel, v_new, '{}');
    insert into pgrelay_http.endpoint values (v_new.*)
      on conflict (channel_id) do update set (origin, method, headers_timeout, body_timeout, total_timeout, concurrency, retry_delays,
          alert_channel, alert_after, pause_after) = (excluded.origin, excluded.method, excluded.headers_timeout, excluded.body_timeout,
          excluded.total_timeout, excluded.concurrency, excluded.retry_delays, excluded.alert_channel, excluded.alert_after, excluded.pause_after)
        where endpoint.source = 'code';
    if not found then
      raise exception using errcode = 'PH007', message = format('channel %L has an endpoint that was registered with register_endpoint()', v_one.channel),
        hint = 'Drop it with pgrelay_http.drop_endpoint(), or use another channel in the options.';
    end if;
  end loop;
end $$;
