-- A Processor says which endpoints it does not serve, and why: a code, or NULL for one that it does serve.
create or replace function pgrelay_http.report_endpoints_v1(p_channels text[], p_codes text[]) returns void
language sql volatile security definer set search_path = pg_catalog, pg_temp
as $$
  insert into pgrelay_http.health as h (channel_id, refused)
    select e.channel_id, x.code from unnest(p_channels, p_codes) x(channel, code)
    join pgrelay.channel c on c.name = x.channel join pgrelay_http.endpoint e on e.channel_id = c.id
    where x.code is not null or exists (select from pgrelay_http.health o where o.channel_id = e.channel_id) order by e.channel_id
    on conflict (channel_id) do update set refused = excluded.refused where h.refused is distinct from excluded.refused
$$;
