-- Writes an endpoint, for register_endpoint() and alter_endpoint(). PH001 URL, PH002 headers, PH003 template, PH004 secret, PH006 any other
-- value, PR001 the alert channel; PR005 when the channel is registered differently and p_replace is not given.
-- p_new's channel_id, origin, version and who registered it are filled in here. Returns the channel's id.
create or replace function pgrelay_http.record_endpoint(p_channel text, p_new pgrelay_http.endpoint, p_secrets text[], p_replace boolean) returns integer
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
  v_new pgrelay_http.endpoint := p_new;
  v_old pgrelay_http.endpoint;
  v_old_secrets text[];
begin
  v_new.source := 'sql';
  v_new.origin := pgrelay_http.origin_of(p_channel, v_new.url);
  perform pgrelay_http.check_headers(p_channel, v_new.headers);
  perform pgrelay_http.check_template(p_channel, v_new.body_template);
  perform pgrelay_http.check_secret(p_channel, s.value) from unnest(p_secrets) s(value);
  perform pgrelay_http.check_settings(p_channel, v_new, p_secrets);
  v_new.channel_id := pgrelay.register_kind_channel(p_channel, 'http');

  select e.* into v_old from pgrelay_http.endpoint e where e.channel_id = v_new.channel_id for update;
  if found then
    v_old_secrets := array(select s.value from pgrelay_http.secret s where s.channel_id = v_old.channel_id order by s.place);
    v_new.version := v_old.version;
    v_new.registered_by := v_old.registered_by;
    v_new.registered_at := v_old.registered_at;
    if v_old.source = 'code' then
      raise exception using errcode = 'PH007', message = format('channel %L is declared in the options of a Processor''s http()', p_channel),
        hint = 'Change it there, or use another channel.';
    elsif v_new is not distinct from v_old and v_old_secrets = p_secrets then
      return v_old.channel_id;
    elsif not p_replace then
      raise exception using errcode = 'PR005', message = format('channel %L is already registered, with another endpoint', p_channel),
        hint = 'Use pgrelay_http.alter_endpoint(), or pass p_replace => true.';
    end if;
  end if;
  v_new.version := coalesce(v_old.version, 0) + 1;
  v_new.registered_by := session_user;
  v_new.registered_at := pgrelay.clock_now();
  if v_old.channel_id is null then
    insert into pgrelay_http.endpoint values (v_new.*);
  else
    update pgrelay_http.endpoint e set (source, url, origin, method, headers, body_template, headers_timeout, body_timeout, total_timeout,
        concurrency, retry_delays, alert_channel, alert_after, pause_after, version, registered_by, registered_at)
      = (v_new.source, v_new.url, v_new.origin, v_new.method, v_new.headers, v_new.body_template, v_new.headers_timeout, v_new.body_timeout,
        v_new.total_timeout, v_new.concurrency, v_new.retry_delays, v_new.alert_channel, v_new.alert_after, v_new.pause_after, v_new.version,
        v_new.registered_by, v_new.registered_at)
      where e.channel_id = v_new.channel_id;
    delete from pgrelay_http.secret s where s.channel_id = v_new.channel_id;
    delete from pgrelay_http.health h where h.channel_id = v_new.channel_id;      -- whatever was wrong with it as it was
  end if;
  insert into pgrelay_http.secret (channel_id, place, value)
    select v_new.channel_id, s.place, s.value from unnest(p_secrets) with ordinality s(value, place);
  perform pgrelay.announce_channels();
  return v_new.channel_id;
end $$;
