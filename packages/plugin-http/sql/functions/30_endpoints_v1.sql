-- The endpoints with all that a Processor needs to deliver, URLs, headers and secrets included; for the role pgrelay_processor
-- alone. None while deliveries are held.
create or replace function pgrelay_http.endpoints_v1() returns table (
  channel text, source text, version text, url text, method text, headers jsonb, template jsonb, secrets text[], headers_timeout_ms float8,
  body_timeout_ms float8, timeout_ms float8, concurrency integer, retry_delays_ms float8[], pause_after integer
)
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
  select c.name, e.source, format('%s.%s', e.channel_id, e.version), e.url, e.method, e.headers, e.body_template,
    array(select s.value from pgrelay_http.secret s where s.channel_id = e.channel_id order by s.place),
    extract(epoch from e.headers_timeout)::float8 * 1000, extract(epoch from e.body_timeout)::float8 * 1000, extract(epoch from e.total_timeout)::float8 * 1000,
    e.concurrency, array(select extract(epoch from d.delay)::float8 * 1000 from unnest(e.retry_delays) with ordinality d(delay, place) order by d.place),
    e.pause_after
  from pgrelay_http.endpoint e join pgrelay.channel c on c.id = e.channel_id where not pgrelay_http.is_held()
$$;
