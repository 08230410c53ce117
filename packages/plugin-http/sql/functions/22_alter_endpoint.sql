-- Changes an endpoint that register_endpoint() made; Processors take the change up at once. NULL leaves a parameter as it is. The
-- secrets are replaced as a whole: ARRAY[new, old] while receivers move to the new one, then ARRAY[new]; '{}' takes them away, as
-- '' does with p_alert_channel and 'null' with p_body_template. What was wrong with the endpoint is forgotten; one that was
-- paused because it was gone stays so until pgrelay.resume_channel(). PH005 when there is no such endpoint; else as register_endpoint().
create or replace function pgrelay_http.alter_endpoint(
  p_channel text,
  p_url text default null,
  p_method text default null,
  p_headers jsonb default null,
  p_body_template jsonb default null,
  p_secrets text[] default null,
  p_timeout interval default null,
  p_headers_timeout interval default null,
  p_body_timeout interval default null,
  p_concurrency integer default null,
  p_retry_delays interval[] default null,
  p_alert_channel text default null,
  p_alert_after integer default null,
  p_pause_after integer default null
) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
  v_new pgrelay_http.endpoint;
begin
  select e.* into v_new from pgrelay_http.endpoint e join pgrelay.channel c on c.id = e.channel_id where c.name = p_channel for update of e;
  if not found then
    raise exception using errcode = 'PH005', message = format('channel %L has no endpoint', p_channel),
      hint = 'The view pgrelay_http.endpoints lists them.';
  elsif v_new.source = 'code' then
    raise exception using errcode = 'PH007', message = format('channel %L is declared in the options of a Processor''s http()', p_channel),
      hint = 'Change it there, or use another channel.';
  end if;
  v_new.url := coalesce(p_url, v_new.url);
  v_new.method := coalesce(p_method, v_new.method);
  v_new.headers := coalesce(p_headers, v_new.headers);
  v_new.body_template := nullif(coalesce(p_body_template, v_new.body_template), 'null');
  v_new.total_timeout := coalesce(p_timeout, v_new.total_timeout);
  v_new.headers_timeout := coalesce(p_headers_timeout, v_new.headers_timeout);
  v_new.body_timeout := coalesce(p_body_timeout, v_new.body_timeout);
  v_new.concurrency := coalesce(p_concurrency, v_new.concurrency);
  v_new.retry_delays := coalesce(p_retry_delays, v_new.retry_delays);
  v_new.alert_channel := nullif(coalesce(p_alert_channel, v_new.alert_channel), '');
  v_new.alert_after := coalesce(p_alert_after, v_new.alert_after);
  v_new.pause_after := coalesce(p_pause_after, v_new.pause_after);
  perform pgrelay_http.record_endpoint(p_channel, v_new,
    coalesce(p_secrets, array(select s.value from pgrelay_http.secret s where s.channel_id = v_new.channel_id order by s.place)), true);
end $$;
