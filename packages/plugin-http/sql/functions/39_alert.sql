-- Sends an alert about an endpoint to its alert channel: {"about": failing | recovered | gone, "channel", "failing", "since", "code"}.
-- Returns the SQLSTATE when it was refused: no attempt is to fail to be written because of an alert.
create or replace function pgrelay_http.alert(p_channel_id integer, p_about text, p_health pgrelay_http.health) returns text
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
  v_one record;
begin
  select e.alert_channel, c.name into v_one from pgrelay_http.endpoint e join pgrelay.channel c on c.id = e.channel_id where e.channel_id = p_channel_id;
  if v_one.alert_channel is null then
    return null;
  end if;
  perform pgrelay.notify(v_one.alert_channel, json_build_object('about', p_about, 'channel', v_one.name, 'failing', p_health.failing,
    'since', p_health.failing_since, 'code', p_health.last_code)::text);
  return null;
exception when others then
  return sqlstate;
end $$;
