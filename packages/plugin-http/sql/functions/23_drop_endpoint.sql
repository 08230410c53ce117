-- Drops an endpoint and its channel, as pgrelay.drop_channel() does: PR007 while events wait, unless p_force moves them to
-- pgrelay.failed. PH005 when there is no such endpoint. One that is declared in code comes back with its Processor.
create or replace function pgrelay_http.drop_endpoint(p_channel text, p_force boolean default false) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
  if not exists (select from pgrelay_http.endpoint e join pgrelay.channel c on c.id = e.channel_id where c.name = p_channel) then
    raise exception using errcode = 'PH005', message = format('channel %L has no endpoint', p_channel),
      hint = 'The view pgrelay_http.endpoints lists them.';
  end if;
  perform pgrelay.drop_channel(p_channel, p_force);
end $$;
