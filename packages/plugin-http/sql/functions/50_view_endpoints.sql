-- The endpoints, without paths of URLs, values of headers, templates and secrets, any of which may hold a secret.
create or replace view pgrelay_http.endpoints as
  select c.name as channel, e.source, e.origin, e.method, array(select h from jsonb_object_keys(e.headers) h order by 1) as header_names,
    e.body_template is not null as has_template, (select count(*) from pgrelay_http.secret s where s.channel_id = e.channel_id) as secrets,
    e.headers_timeout, e.body_timeout, e.total_timeout as timeout, e.concurrency, e.retry_delays, e.alert_channel, e.alert_after, e.pause_after,
    c.state, coalesce(h.failing, 0) as failing, h.failing_since, h.last_code, h.alerted_at, h.gone_at, h.refused, e.registered_by, e.registered_at
  from pgrelay_http.endpoint e join pgrelay.channel c on c.id = e.channel_id left join pgrelay_http.health h on h.channel_id = e.channel_id;
